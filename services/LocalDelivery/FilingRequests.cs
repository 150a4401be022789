using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Makes what the mailboxes of one message are given: it is the same for all of them, so the body is opened and parsed once.</summary>
internal sealed class FilingRequests(IMessageBlobs blobs, TimeProvider time, ILogger<FilingRequests> logger)
{
    /// <exception cref="BlobMissingException">The body is gone.</exception>
    public async Task<FilingRequest> CreateAsync(QueuedMessage message, CancellationToken cancellationToken) => new()
    {
        Delivery = message.FiledAs,
        Body = message.Body,
        Prefix = PrefixOf(message),
        Summary = await SummariseAsync(message, cancellationToken),

        // RFC 3501 §2.3.3: for mail by SMTP, "the date and time of final delivery".
        InternalDate = time.GetUtcNow(),
    };

    /// <summary>RFC 5321 §4.4: final delivery puts the reverse-path above the trace fields; <c>&lt;&gt;</c> is the null one. RFC 6531 makes it UTF-8.</summary>
    private static byte[] PrefixOf(QueuedMessage message) =>
        Encoding.UTF8.GetBytes($"Return-Path: <{message.Envelope.Sender?.ToString()}>\r\n{message.Trace}");

    private async Task<MessageSummary> SummariseAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        await using var body = await blobs.OpenReadAsync(message.Body.Name, 0, null, cancellationToken);
        try
        {
            return await MessageParser.SummariseAsync(body, cancellationToken);
        }
        catch (MessageParserException e)
        {
            // A parser that fails must not keep accepted mail out of its mailbox. A store that fails is a failure of the attempt.
            DeliveryLog.NotParsed(logger, message.Id, message.Tenant, e);
            return Unparsed(message.Body.Length);
        }
    }

    /// <summary>One opaque part with an empty envelope; clients still get the message as it came.</summary>
    private static MessageSummary Unparsed(long length) => new()
    {
        Envelope = new(),
        Structure = new() { Type = "application", Subtype = "octet-stream", BodyLength = length },
    };
}
