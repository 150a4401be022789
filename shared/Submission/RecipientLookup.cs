using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.Submission;

/// <summary>Who sends a message, as far as it counts for its recipients.</summary>
/// <param name="Account">The account that submits it; null when it comes from another host.</param>
/// <param name="Path">The reverse-path.</param>
/// <param name="Size">Octets; 0 when they are not known yet.</param>
/// <param name="PostmasterDomain">The domain whose postmaster gets the mail for one that is missing.</param>
public sealed record MessageSender(AddressRecord? Account, EmailAddress? Path, long Size, string PostmasterDomain);

/// <summary>A recipient and the tenant whose mail it is.</summary>
public readonly record struct AcceptedRecipient(TenantId Tenant, EnvelopeRecipient Recipient);

/// <summary>A recipient with its mailboxes, or a refusal.</summary>
public readonly record struct RecipientAnswer(PolicyReply Reply, AcceptedRecipient? Accepted)
{
    public static implicit operator RecipientAnswer(PolicyReply refusal) => FromPolicyReply(refusal);

    public static RecipientAnswer FromPolicyReply(PolicyReply refusal) => new(refusal, null);
}

/// <summary>
/// What a recipient of one message stands for, so that mail which cannot be delivered is refused when it is sent and not bounced later (RFC 5321 §6.2).
/// </summary>
public sealed class RecipientLookup(AddressDirectory directory, Standings standings, MessageSender sender, Patience patience)
{
    // Aliases of aliases, and addresses that one recipient may come to stand for. Postfix's virtual_alias limits are 1,000 and 1,000; depth 10 is beyond use.
    private const int MaxDepth = 10;
    private const int MaxTargets = 1000;

    // As Gmail says it of a suspended account. RFC 3463 §3.3: X.2.1 is a mailbox that is disabled.
    private static readonly PolicyReply Disabled = new(550, "5.2.1", "this mailbox is disabled");

    // RFC 3463 §3.8: X.7.2 is a sender who may not send to the list.
    private static readonly PolicyReply NoPoster = new(550, "5.7.2", "you may not send to this group");

    public static bool IsPostmaster(EmailAddress address) => address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase);

    /// <summary>What is said to the recipient, and where its mail goes when it is accepted.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<RecipientAnswer> FindAsync(EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var address = recipient.Address;
        if (await directory.FindTenantAsync(address.AsciiDomain, patience, cancellationToken).ConfigureAwait(false) is not { } tenant)
        {
            return sender.Account is { } submitter
                ? await CheckSuppressionAsync(submitter.Tenant, recipient, cancellationToken).ConfigureAwait(false)
                : new PolicyReply(550, "5.7.1", "this host does not relay");
        }

        var record = await directory.FindRecipientAsync(address, patience, cancellationToken).ConfigureAwait(false);
        var isDisabled = record is not null && await IsSuspendedAsync(record, cancellationToken).ConfigureAwait(false);
        if (IsPostmaster(address) && (record is null || isDisabled))
        {
            record = await directory.FindAsync($"postmaster@{sender.PostmasterDomain}", patience, cancellationToken).ConfigureAwait(false);
            if (record is null)
            {
                // RFC 5321 §4.5.1: postmaster is never refused; the operator has yet to make one.
                return PolicyReply.TryLater with { Cause = PolicyCause.NoPostmaster };
            }

            isDisabled = false;
        }

        return isDisabled ? Disabled : record?.Kind switch
        {
            null => new PolicyReply(550, "5.1.1", "no such user here"),
            AddressKind.Moved => Elsewhere("user has moved", record.Targets[0]),
            AddressKind.Forwarded => Accept(tenant, recipient with { Remote = record.Targets }) with { Reply = new(251, "2.1.5", $"will forward to <{record.Targets[0]}>") },
            AddressKind.Account => await CheckQuotaAsync(record, recipient, cancellationToken).ConfigureAwait(false),
            AddressKind.Group => await MayPostAsync(record, cancellationToken).ConfigureAwait(false) ? Accept(tenant, recipient with { Groups = [record.Address] }) : NoPoster,
            _ => await ExpandAsync(record, recipient, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>An address that refused the tenant's mail for good is refused here, where its sender sees why, and not in a report a minute later.</summary>
    private async ValueTask<RecipientAnswer> CheckSuppressionAsync(TenantId tenant, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        if (await directory.FindSuppressionAsync(tenant, recipient.Address, patience, cancellationToken).ConfigureAwait(false) is not { } listed)
        {
            return Accept(tenant, recipient with { Remote = [recipient.Address] });
        }

        return new PolicyReply(550, "5.1.1", listed.Explanation) { Cause = PolicyCause.Suppressed };
    }

    private async ValueTask<RecipientAnswer> CheckQuotaAsync(AddressRecord record, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var quota = await directory.FindQuotaAsync(record.Account!.Value, patience, cancellationToken).ConfigureAwait(false);
        return quota switch
        {
            // The account is being made: its mailbox follows.
            null => PolicyReply.DirectoryAway,
            { } full when !full.Allows(Math.Max(1, sender.Size)) && !IsPostmaster(recipient.Address) => new PolicyReply(452, "4.2.2", "mailbox is over its quota"),
            _ => Accept(record.Tenant, recipient with { Mailboxes = [record.Account.Value] }),
        };
    }

    private async ValueTask<RecipientAnswer> ExpandAsync(AddressRecord alias, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var found = new Targets();
        var seen = new HashSet<string>(StringComparer.Ordinal) { alias.Address.Key };
        var level = alias.Targets;
        for (var depth = 0; level.Count > 0; depth++)
        {
            if (depth == MaxDepth || seen.Count > MaxTargets)
            {
                return new PolicyReply(450, "4.4.6", "alias leads too far");
            }

            foreach (var target in level.Where(t => seen.Add(t.Key)))
            {
                await AddAsync(target, alias.Tenant, found, cancellationToken).ConfigureAwait(false);
            }

            level = found.TakeNext();
        }

        var expanded = recipient with { Mailboxes = [.. found.Mailboxes.Distinct()], Remote = found.Remote, Groups = found.Groups };
        return expanded.IsNobody ? found.Refusal ?? new PolicyReply(550, "5.1.1", "alias leads to nobody") : Accept(alias.Tenant, expanded);
    }

    // Where it leads to a mailbox that is disabled, or to a group that the sender may not send to, the others of the alias get the mail.
    private async ValueTask AddAsync(EmailAddress target, TenantId tenant, Targets found, CancellationToken cancellationToken)
    {
        var host = await directory.FindTenantAsync(target.AsciiDomain, patience, cancellationToken).ConfigureAwait(false);
        if (host != tenant)
        {
            // Another host's, or another tenant's: it comes back in as a message of that tenant.
            found.Remote.Add(target);
            return;
        }

        var record = await directory.FindRecipientAsync(target, patience, cancellationToken).ConfigureAwait(false);
        switch (record?.Kind)
        {
            case AddressKind.Account when await IsSuspendedAsync(record, cancellationToken).ConfigureAwait(false):
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
            case AddressKind.Group when await MayPostAsync(record, cancellationToken).ConfigureAwait(false):
                found.Groups.Add(record.Address);
                break;
            case AddressKind.Group:
                found.Refusal ??= NoPoster;
                break;
        }
    }

    /// <summary>Whether a group takes mail from this sender. From another host a member is who the reverse-path says: what that is worth is for its domain's SPF to say.</summary>
    private async ValueTask<bool> MayPostAsync(AddressRecord group, CancellationToken cancellationToken) => group.Group?.Posting switch
    {
        GroupPosting.Tenant => sender.Account?.Tenant == group.Tenant,
        GroupPosting.Members => (sender.Path is { } path && await IsMemberAsync(group, path, cancellationToken).ConfigureAwait(false))
            || (sender.Account is { } account && await IsMemberAsync(group, account.Address, cancellationToken).ConfigureAwait(false)),
        _ => true,
    };

    private ValueTask<bool> IsMemberAsync(AddressRecord group, EmailAddress address, CancellationToken cancellationToken) =>
        directory.IsMemberAsync(group, address, patience, cancellationToken);

    private async ValueTask<bool> IsSuspendedAsync(AddressRecord record, CancellationToken cancellationToken) =>
        await standings.FindStateAsync(record, patience, cancellationToken).ConfigureAwait(false) == AccountState.Suspended;

    public static PolicyReply Elsewhere(string why, EmailAddress path) => new(551, "5.1.6", $"{why}, please try <{path}>");

    public static RecipientAnswer Accept(TenantId tenant, EnvelopeRecipient recipient) =>
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
        public PolicyReply? Refusal { get; set; }

        public List<EmailAddress> TakeNext()
        {
            var taken = Next;
            Next = [];
            return taken;
        }
    }
}
