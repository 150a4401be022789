using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Submission;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>What RCPT decides: a recipient with its mailboxes, or a refusal.</summary>
internal readonly record struct RecipientDecision(SmtpReply Reply, AcceptedRecipient? Accepted)
{
    public static implicit operator RecipientDecision(SmtpReply refusal) => new(refusal, null);
}

/// <summary>
/// Decides on a recipient at RCPT, so that mail which cannot be delivered is refused there and not bounced later (RFC 5321 §6.2). The directory's silence is
/// transient.
/// </summary>
internal static class RecipientCheck
{
    // RFC 3463 §3.5: X.4.5 is a system that is congested.
    private static readonly SmtpReply Busy = new(451, "4.4.5", "too much mail for this organisation at once, try again later");

    private static readonly SmtpReply NoTerminal = new(550, "5.3.3", "there is no terminal of that name here");

    public static async ValueTask<RecipientDecision> DecideAsync(
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        try
        {
            var decision = transaction.Kind == TransactionKind.Send
                ? await LookUpLiveAsync(session, transaction, recipient, cancellationToken).ConfigureAwait(false)
                : await LookUpAsync(session, transaction, recipient, cancellationToken).ConfigureAwait(false);
            if (decision.Accepted is { } arriving && arriving.Tenant != session.Account?.Tenant)
            {
                // Mail of others for one tenant comes in no faster than its limit says.
                var (wait, hasTurn) = session.Services.Standings.TakeArrival(arriving.Tenant);
                await session.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
                if (!hasTurn)
                {
                    return Busy;
                }
            }

            return decision.Accepted is { } accepted && session.Account is { } account
                && await session.Services.Caps.CheckAsync(account, transaction.Caps, accepted, session.Options.MaxRecipients, session.Patience, cancellationToken).ConfigureAwait(false) is { } capped
                    ? Refuse(session, recipient, capped)
                    : decision;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            session.Services.Log.DirectoryAway(e);
            return SmtpReply.DirectoryAway;
        }
    }

    public static string PostmasterDomain(SmtpOptions options) =>
        (options.PostmasterDomain.Length > 0 ? options.PostmasterDomain : options.HostName).ToLowerInvariant();

    /// <summary>
    /// SEND (RFC 821 §3.4): of what an address stands for, those who are there. Who is there is told within a tenant only. A mailbox must have room: a message
    /// that no session shows in the end is filed.
    /// </summary>
    private static async ValueTask<RecipientDecision> LookUpLiveAsync(
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var decision = await LookUpAsync(session, transaction, recipient, cancellationToken).ConfigureAwait(false);
        if (decision.Accepted is not { } accepted)
        {
            return decision;
        }

        if (decision.Reply.Code == 251)
        {
            return SmtpReply.Of(RecipientLookup.Elsewhere("user is not here", accepted.Recipient.Remote[0]));
        }

        // The tenant of the address, not of the mailbox: mail for a postmaster that another tenant has not goes to the operator's, of which this account may be.
        var host = await session.Services.Directory.FindTenantAsync(recipient.Address.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false);
        if (accepted.Recipient.Mailboxes.Count == 0 || host != session.Account!.Tenant)
        {
            return NoTerminal;
        }

        var live = await session.Services.Directory.FindLiveAsync(accepted.Recipient.Mailboxes, session.Patience, cancellationToken).ConfigureAwait(false);
        return live.Count == 0
            ? new SmtpReply(450, "4.2.1", "nobody of that name is logged in")
            : decision with { Accepted = accepted with { Recipient = accepted.Recipient with { Mailboxes = live, Remote = [], Groups = [] } } };
    }

    private static async ValueTask<RecipientDecision> LookUpAsync(
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var sender = new MessageSender(session.Account, transaction.Sender, transaction.DeclaredSize, PostmasterDomain(session.Options));
        var lookup = new RecipientLookup(session.Services.Directory, session.Services.Standings, sender, session.Patience);
        var answer = await lookup.FindAsync(recipient, cancellationToken).ConfigureAwait(false);
        return answer.Accepted is null ? Refuse(session, recipient, answer.Reply) : new RecipientDecision(SmtpReply.Of(answer.Reply), answer.Accepted);
    }

    private static SmtpReply Refuse(SmtpSession session, EnvelopeRecipient recipient, PolicyReply reply)
    {
        switch (reply.Cause)
        {
            case PolicyCause.NoPostmaster:
                session.Services.Log.NoPostmaster(recipient.Address.AsciiDomain);
                break;
            case PolicyCause.Suppressed:
                SmtpTelemetry.Suppressed.Add(1, new KeyValuePair<string, object?>("tenant", session.Account!.Tenant.Value));
                break;
            case PolicyCause.AccountCap or PolicyCause.TenantCap:
                SmtpTelemetry.Capped.Add(1, new("limit", reply.Cause == PolicyCause.TenantCap ? "tenant" : "account"), new("tenant", session.Account!.Tenant.Value));
                break;
        }

        return SmtpReply.Of(reply);
    }
}
