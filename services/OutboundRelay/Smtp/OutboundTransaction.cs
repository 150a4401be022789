using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>One message for one next host.</summary>
/// <param name="Sender">The reverse-path; null is <c>&lt;&gt;</c>.</param>
/// <param name="Recipients">At least one.</param>
/// <param name="Envelope">What the sender asked for: ENVID, RET, priority, deadline, SMTPUTF8, TLS. Its own sender, recipients and body type do not count here.</param>
/// <param name="Length">Octets of the body, or a good guess: what SIZE= declares (RFC 1870 §5).</param>
/// <param name="Form">What the octets of the body need: only a host that announced it gets eight bits or binary.</param>
/// <param name="OpenBody">Opens the octets as they go, with CRLF line ends unless they are binary. Called at most once, when a recipient has been accepted.</param>
/// <param name="HeaderIsUtf8">True when header fields have octets beyond ASCII, which only SMTPUTF8 carries (RFC 6532).</param>
internal sealed record OutboundTransaction(
    EmailAddress? Sender,
    IReadOnlyList<OutboundRecipient> Recipients,
    Envelope Envelope,
    long Length,
    BodyType Form,
    Func<CancellationToken, Task<Stream>> OpenBody,
    bool HeaderIsUtf8 = false);

/// <summary>One RCPT.</summary>
/// <param name="Address">Where it goes.</param>
/// <param name="Recipient">What the sender wrote and asked of reports.</param>
internal sealed record OutboundRecipient(EmailAddress Address, EnvelopeRecipient Recipient);

/// <summary>How a transaction ended.</summary>
/// <param name="Outcomes">One per recipient, in their order.</param>
/// <param name="Usable">Whether another transaction may follow on the session.</param>
/// <param name="Verdict">What the host said of our rate.</param>
/// <param name="InDoubt">
/// True when the connection ended between the end of the message and its reply: the message may have been taken over, so that another attempt may double it (RFC 5321 §4.5.3.2.6).
/// </param>
/// <param name="AtOnce">
/// Places of recipients that are deferred only because this transaction, or this connection, had no room for them: they may be sent without waiting, on this session when it is
/// usable and else on a new one. That cannot go round in circles: there are some only after others of this transaction were accepted, or when the session had carried a transaction before.
/// </param>
internal sealed record TransactionResult(
    IReadOnlyList<RelayOutcome> Outcomes, bool Usable, ConnectionVerdict Verdict, bool InDoubt, IReadOnlyList<int> AtOnce);
