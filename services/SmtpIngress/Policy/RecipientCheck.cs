using MailCloud.MailboxContracts;
using MailCloud.Messages;

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
    // Aliases of aliases, and addresses that one recipient may come to stand for. Postfix's virtual_alias limits are 1,000 and 1,000; depth 10 is beyond use.
    private const int MaxDepth = 10;
    private const int MaxTargets = 1000;

    // As Gmail says it of a suspended account. RFC 3463 §3.3: X.2.1 is a mailbox that is disabled.
    private static readonly SmtpReply Disabled = new(550, "5.2.1", "this mailbox is disabled");

    // RFC 3463 §3.5: X.4.5 is a system that is congested.
    private static readonly SmtpReply Busy = new(451, "4.4.5", "too much mail for this organisation at once, try again later");

    private static readonly SmtpReply NoTerminal = new(550, "5.3.3", "there is no terminal of that name here");

    public static async ValueTask<RecipientDecision> DecideAsync(
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        try
        {
            var decision = transaction.Kind == TransactionKind.Send
                ? await LookUpLiveAsync(session, recipient, transaction.DeclaredSize, cancellationToken).ConfigureAwait(false)
                : await LookUpAsync(session, recipient, transaction.DeclaredSize, cancellationToken).ConfigureAwait(false);
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
                && await session.Services.Caps.CheckAsync(session, account, transaction, accepted, cancellationToken).ConfigureAwait(false) is { } capped
                    ? capped
                    : decision;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            session.Services.Log.DirectoryAway(e);
            return SmtpReply.DirectoryAway;
        }
    }

    public static bool IsPostmaster(EmailAddress address) => address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// SEND (RFC 821 §3.4): of what an address stands for, those who are there. Who is there is told within a tenant only. A mailbox must have room: a message
    /// that no session shows in the end is filed.
    /// </summary>
    private static async ValueTask<RecipientDecision> LookUpLiveAsync(
        SmtpSession session, EnvelopeRecipient recipient, long declaredSize, CancellationToken cancellationToken)
    {
        var decision = await LookUpAsync(session, recipient, declaredSize, cancellationToken).ConfigureAwait(false);
        if (decision.Accepted is not { } accepted)
        {
            return decision;
        }

        if (decision.Reply.Code == 251)
        {
            return Elsewhere("user is not here", accepted.Recipient.Remote[0]);
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
            : Accept(accepted.Tenant, accepted.Recipient with { Mailboxes = live, Remote = [] });
    }

    private static async ValueTask<RecipientDecision> LookUpAsync(
        SmtpSession session, EnvelopeRecipient recipient, long declaredSize, CancellationToken cancellationToken)
    {
        var directory = session.Services.Directory;
        var address = recipient.Address;
        if (await directory.FindTenantAsync(address.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false) is not { } tenant)
        {
            return session.Account is { } submitter
                ? await CheckSuppressionAsync(session, submitter.Tenant, recipient, cancellationToken).ConfigureAwait(false)
                : new SmtpReply(550, "5.7.1", "this host does not relay");
        }

        var record = await directory.FindRecipientAsync(address, session.Patience, cancellationToken).ConfigureAwait(false);
        var isDisabled = record is not null && await IsSuspendedAsync(session, record, cancellationToken).ConfigureAwait(false);
        if (IsPostmaster(address) && (record is null || isDisabled))
        {
            record = await directory.FindAsync($"postmaster@{PostmasterDomain(session.Options)}", session.Patience, cancellationToken).ConfigureAwait(false);
            if (record is null)
            {
                // RFC 5321 §4.5.1: postmaster is never refused; the operator has yet to make one.
                session.Services.Log.NoPostmaster(address.AsciiDomain);
                return SmtpReply.TryLater;
            }

            isDisabled = false;
        }

        return isDisabled ? Disabled : record?.Kind switch
        {
            null => new SmtpReply(550, "5.1.1", "no such user here"),
            AddressKind.Moved => Elsewhere("user has moved", record.Targets[0]),
            AddressKind.Forwarded => Accept(tenant, recipient with { Remote = record.Targets }) with { Reply = new(251, "2.1.5", $"will forward to <{record.Targets[0]}>") },
            AddressKind.Account => await CheckQuotaAsync(session, record, recipient, declaredSize, cancellationToken).ConfigureAwait(false),
            _ => await ExpandAsync(session, record, recipient, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>An address that refused the tenant's mail for good is refused here, where its sender sees why, and not in a report a minute later.</summary>
    private static async ValueTask<RecipientDecision> CheckSuppressionAsync(SmtpSession session, TenantId tenant, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        if (await session.Services.Directory.FindSuppressionAsync(tenant, recipient.Address, session.Patience, cancellationToken).ConfigureAwait(false) is not { } listed)
        {
            return Accept(tenant, recipient with { Remote = [recipient.Address] });
        }

        SmtpTelemetry.Suppressed.Add(1, new KeyValuePair<string, object?>("tenant", tenant.Value));
        return new SmtpReply(550, "5.1.1", listed.Explanation);
    }

    public static string PostmasterDomain(SmtpOptions options) =>
        (options.PostmasterDomain.Length > 0 ? options.PostmasterDomain : options.HostName).ToLowerInvariant();

    private static async ValueTask<RecipientDecision> CheckQuotaAsync(
        SmtpSession session, AddressRecord record, EnvelopeRecipient recipient, long declaredSize, CancellationToken cancellationToken)
    {
        var quota = await session.Services.Directory.FindQuotaAsync(record.Account!.Value, session.Patience, cancellationToken).ConfigureAwait(false);
        return quota switch
        {
            // The account is being made: its mailbox follows.
            null => SmtpReply.DirectoryAway,
            { } full when !full.Allows(Math.Max(1, declaredSize)) && !IsPostmaster(recipient.Address) => new SmtpReply(452, "4.2.2", "mailbox is over its quota"),
            _ => Accept(record.Tenant, recipient with { Mailboxes = [record.Account.Value] }),
        };
    }

    private static async ValueTask<RecipientDecision> ExpandAsync(SmtpSession session, AddressRecord alias, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var mailboxes = new List<AccountId>();
        var remote = new List<EmailAddress>();
        var isDisabled = false;
        var seen = new HashSet<string>(StringComparer.Ordinal) { alias.Address.Key };
        var level = alias.Targets;
        for (var depth = 0; level.Count > 0; depth++)
        {
            if (depth == MaxDepth || seen.Count > MaxTargets)
            {
                return new SmtpReply(450, "4.4.6", "alias leads too far");
            }

            var next = new List<EmailAddress>();
            foreach (var target in level.Where(t => seen.Add(t.Key)))
            {
                isDisabled |= !await TryAddAsync(session, target, alias.Tenant, mailboxes, remote, next, cancellationToken).ConfigureAwait(false);
            }

            level = next;
        }

        return mailboxes.Count + remote.Count == 0
            ? isDisabled ? Disabled : new SmtpReply(550, "5.1.1", "alias leads to nobody")
            : Accept(alias.Tenant, recipient with { Mailboxes = [.. mailboxes.Distinct()], Remote = remote });
    }

    // False: it leads to a mailbox that is disabled; the others of the alias get the mail.
    private static async ValueTask<bool> TryAddAsync(
        SmtpSession session, EmailAddress target, TenantId tenant, List<AccountId> mailboxes, List<EmailAddress> remote, List<EmailAddress> next, CancellationToken cancellationToken)
    {
        var directory = session.Services.Directory;
        var host = await directory.FindTenantAsync(target.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false);
        if (host != tenant)
        {
            // Another host's, or another tenant's: it comes back in as a message of that tenant.
            remote.Add(target);
            return true;
        }

        var record = await directory.FindRecipientAsync(target, session.Patience, cancellationToken).ConfigureAwait(false);
        switch (record?.Kind)
        {
            case AddressKind.Account when await IsSuspendedAsync(session, record, cancellationToken).ConfigureAwait(false):
                return false;
            case AddressKind.Account:
                mailboxes.Add(record.Account!.Value);
                break;
            case AddressKind.Alias:
                next.AddRange(record.Targets);
                break;
            case AddressKind.Forwarded:
                remote.AddRange(record.Targets);
                break;
        }

        return true;
    }

    private static async ValueTask<bool> IsSuspendedAsync(SmtpSession session, AddressRecord record, CancellationToken cancellationToken) =>
        await session.Services.Standings.FindStateAsync(record, session.Patience, cancellationToken).ConfigureAwait(false) == AccountState.Suspended;

    private static SmtpReply Elsewhere(string why, EmailAddress path) => new(551, "5.1.6", $"{why}, please try <{path}>");

    private static RecipientDecision Accept(TenantId tenant, EnvelopeRecipient recipient) =>
        new(new(250, "2.1.5", "recipient OK"), new(tenant, recipient));
}
