using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans;

namespace MailCloud.Reports;

/// <summary>What an address stands for now: mailboxes here, groups, or addresses on other hosts.</summary>
public sealed class AddressLookup(IGrainFactory grains, GrainCalls calls)
{
    /// <summary>Aliases of aliases.</summary>
    private const int MaxDepth = 10;

    /// <summary>Who is told of mail that was sent from the address, as <see cref="FindAsync(EmailAddress, TenantId)"/> would say; of a group's address it is who runs the group.</summary>
    public Task<(TenantId Tenant, EnvelopeRecipient Recipient)?> FindSenderAsync(EmailAddress address, TenantId elsewhere) => FindAsync(address, elsewhere, isSender: true);

    /// <summary>The address as a recipient of whom nobody is told more, and the tenant whose mail it is; null when it should exist here and does not.</summary>
    /// <param name="address">Whose meaning is looked up.</param>
    /// <param name="elsewhere">The tenant when the address is on another host.</param>
    public Task<(TenantId Tenant, EnvelopeRecipient Recipient)?> FindAsync(EmailAddress address, TenantId elsewhere) => FindAsync(address, elsewhere, isSender: false);

    private async Task<(TenantId Tenant, EnvelopeRecipient Recipient)?> FindAsync(EmailAddress address, TenantId elsewhere, bool isSender)
    {
        if (await TenantOfAsync(address) is not { } tenant)
        {
            return (elsewhere, Recipient(address) with { Remote = [address] });
        }

        var found = new Found(tenant, isSender);
        await AddAsync(address, found, depth: 0);
        var recipient = Recipient(address) with { Mailboxes = [.. found.Mailboxes], Remote = [.. found.Remote], Groups = [.. found.Groups] };
        return recipient.IsNobody ? null : (tenant, recipient);
    }

    // RFC 3461 §6.2: nobody is told what became of a report.
    private static EnvelopeRecipient Recipient(EmailAddress address) => new() { Address = address, Notify = DsnNotify.Never };

    private async Task AddAsync(EmailAddress address, Found found, int depth)
    {
        var record = await FindRecordAsync(address);
        switch (record?.Kind)
        {
            case AddressKind.Account:
                found.Mailboxes.Add(record.Account!.Value);
                break;
            case AddressKind.Forwarded:
                found.Remote.UnionWith(record.Targets);
                break;
            case AddressKind.Alias when depth < MaxDepth:
                foreach (var target in record.Targets)
                {
                    await AddTargetAsync(target, found, depth);
                }

                break;
            case AddressKind.Group when found.IsSender && depth < MaxDepth:
                await AddTargetAsync(record.RunBy, found, depth);
                break;

            // Whoever may send to the others is asked for at RCPT, where the client is known.
            case AddressKind.Group when !found.IsSender && (record.Group ?? GroupSettings.None).Posting == GroupPosting.Anyone:
                found.Groups.Add(record.Address);
                break;
        }
    }

    private async Task AddTargetAsync(EmailAddress target, Found found, int depth)
    {
        if (await TenantOfAsync(target) == found.Tenant)
        {
            await AddAsync(target, found, depth + 1);
        }
        else
        {
            found.Remote.Add(target);
        }
    }

    // A catch-all gets no reports: what its domain has not has sent nothing.
    private async Task<AddressRecord?> FindRecordAsync(EmailAddress address)
    {
        if (await calls.CallAsync(() => grains.GetGrain<IDomainGrain>(address.AsciiDomain).FindAsync(), CancellationToken.None) is { } domain)
        {
            foreach (var key in domain.KeysOf(address))
            {
                if (await RecordOfAsync(key) is { } record && record.Tenant == domain.Tenant)
                {
                    return record;
                }
            }
        }

        return null;
    }

    private ValueTask<TenantId?> TenantOfAsync(EmailAddress address) => calls.CallAsync(() => grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync(), CancellationToken.None);

    private ValueTask<AddressRecord?> RecordOfAsync(string key) => calls.CallAsync(() => grains.GetGrain<IAddressGrain>(key).GetAsync(), CancellationToken.None);

    private sealed record Found(TenantId Tenant, bool IsSender)
    {
        public HashSet<AccountId> Mailboxes { get; } = [];

        public HashSet<EmailAddress> Remote { get; } = [];

        public HashSet<EmailAddress> Groups { get; } = [];
    }
}
