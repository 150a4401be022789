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

    // RFC 3463 §3.8: X.7.2 is a sender who may not send to the list.
    private static readonly SmtpReply NoPoster = new(550, "5.7.2", "you may not send to this group");

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
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var decision = await LookUpAsync(session, transaction, recipient, cancellationToken).ConfigureAwait(false);
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
            : Accept(accepted.Tenant, accepted.Recipient with { Mailboxes = live, Remote = [], Groups = [] });
    }

    private static async ValueTask<RecipientDecision> LookUpAsync(
        SmtpSession session, Transaction transaction, EnvelopeRecipient recipient, CancellationToken cancellationToken)
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
            AddressKind.Account => await CheckQuotaAsync(session, record, recipient, transaction.DeclaredSize, cancellationToken).ConfigureAwait(false),
            AddressKind.Group => await MayPostAsync(session, transaction, record, cancellationToken).ConfigureAwait(false) ? Accept(tenant, recipient with { Groups = [record.Address] }) : NoPoster,
            _ => await ExpandAsync(session, transaction, record, recipient, cancellationToken).ConfigureAwait(false),
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

    private static async ValueTask<RecipientDecision> ExpandAsync(
        SmtpSession session, Transaction transaction, AddressRecord alias, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var found = new Targets();
        var seen = new HashSet<string>(StringComparer.Ordinal) { alias.Address.Key };
        var level = alias.Targets;
        for (var depth = 0; level.Count > 0; depth++)
        {
            if (depth == MaxDepth || seen.Count > MaxTargets)
            {
                return new SmtpReply(450, "4.4.6", "alias leads too far");
            }

            foreach (var target in level.Where(t => seen.Add(t.Key)))
            {
                await AddAsync(session, transaction, target, alias.Tenant, found, cancellationToken).ConfigureAwait(false);
            }

            level = found.TakeNext();
        }

        var expanded = recipient with { Mailboxes = [.. found.Mailboxes.Distinct()], Remote = found.Remote, Groups = found.Groups };
        return expanded.IsNobody ? found.Refusal ?? new SmtpReply(550, "5.1.1", "alias leads to nobody") : Accept(alias.Tenant, expanded);
    }

    // Where it leads to a mailbox that is disabled, or to a group that the sender may not send to, the others of the alias get the mail.
    private static async ValueTask AddAsync(SmtpSession session, Transaction transaction, EmailAddress target, TenantId tenant, Targets found, CancellationToken cancellationToken)
    {
        var directory = session.Services.Directory;
        var host = await directory.FindTenantAsync(target.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false);
        if (host != tenant)
        {
            // Another host's, or another tenant's: it comes back in as a message of that tenant.
            found.Remote.Add(target);
            return;
        }

        var record = await directory.FindRecipientAsync(target, session.Patience, cancellationToken).ConfigureAwait(false);
        switch (record?.Kind)
        {
            case AddressKind.Account when await IsSuspendedAsync(session, record, cancellationToken).ConfigureAwait(false):
                found.Refusal ??= Disabled;
                break;
            case AddressKind.Account:
                found.Mailboxes.Add(record.Account!.Value);
                break;
            case AddressKind.Alias:
                found.Next.AddRange(record.Targets);
                break;
            case AddressKind.Forwarded:
                found.Remote.AddRange(record.Targets);
                break;
            case AddressKind.Group when await MayPostAsync(session, transaction, record, cancellationToken).ConfigureAwait(false):
                found.Groups.Add(record.Address);
                break;
            case AddressKind.Group:
                found.Refusal ??= NoPoster;
                break;
        }
    }

    /// <summary>Whether a group takes mail from this sender. From another host a member is who the reverse-path says: what that is worth is for its domain's SPF to say.</summary>
    private static async ValueTask<bool> MayPostAsync(SmtpSession session, Transaction transaction, AddressRecord group, CancellationToken cancellationToken) => group.Group?.Posting switch
    {
        GroupPosting.Tenant => session.Account?.Tenant == group.Tenant,
        GroupPosting.Members => (transaction.Sender is { } sender && await IsMemberAsync(session, group, sender, cancellationToken).ConfigureAwait(false))
            || (session.Account is { } account && await IsMemberAsync(session, group, account.Address, cancellationToken).ConfigureAwait(false)),
        _ => true,
    };

    private static ValueTask<bool> IsMemberAsync(SmtpSession session, AddressRecord group, EmailAddress address, CancellationToken cancellationToken) =>
        session.Services.Directory.IsMemberAsync(group, address, session.Patience, cancellationToken);

    private static async ValueTask<bool> IsSuspendedAsync(SmtpSession session, AddressRecord record, CancellationToken cancellationToken) =>
        await session.Services.Standings.FindStateAsync(record, session.Patience, cancellationToken).ConfigureAwait(false) == AccountState.Suspended;

    private static SmtpReply Elsewhere(string why, EmailAddress path) => new(551, "5.1.6", $"{why}, please try <{path}>");

    private static RecipientDecision Accept(TenantId tenant, EnvelopeRecipient recipient) =>
        new(new(250, "2.1.5", "recipient OK"), new(tenant, recipient));

    /// <summary>What an alias leads to, as far as it is known.</summary>
    private sealed class Targets
    {
        public List<AccountId> Mailboxes { get; } = [];

        public List<EmailAddress> Remote { get; } = [];

        public List<EmailAddress> Groups { get; } = [];

        /// <summary>What is to be looked up yet.</summary>
        public List<EmailAddress> Next { get; private set; } = [];

        /// <summary>Why it leads to nobody, if it does.</summary>
        public SmtpReply? Refusal { get; set; }

        public List<EmailAddress> TakeNext()
        {
            var taken = Next;
            Next = [];
            return taken;
        }
    }
}
