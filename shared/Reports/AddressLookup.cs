using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans;

namespace MailCloud.Reports;

/// <summary>What an address stands for now: mailboxes here, or addresses on other hosts.</summary>
public sealed class AddressLookup(IGrainFactory grains, GrainCalls calls)
{
    /// <summary>Aliases of aliases.</summary>
    private const int MaxDepth = 10;

    /// <summary>The address as a recipient of whom nobody is told more, and the tenant whose mail it is; null when it should exist here and does not.</summary>
    /// <param name="address">Whose meaning is looked up.</param>
    /// <param name="elsewhere">The tenant when the address is on another host.</param>
    public async Task<(TenantId Tenant, EnvelopeRecipient Recipient)?> FindAsync(EmailAddress address, TenantId elsewhere)
    {
        if (await TenantOfAsync(address) is not { } tenant)
        {
            return (elsewhere, Recipient(address) with { Remote = [address] });
        }

        var mailboxes = new HashSet<AccountId>();
        var remote = new HashSet<EmailAddress>();
        await AddAsync(address, tenant, mailboxes, remote, depth: 0);
        return mailboxes.Count + remote.Count == 0 ? null : (tenant, Recipient(address) with { Mailboxes = [.. mailboxes], Remote = [.. remote] });
    }

    // RFC 3461 §6.2: nobody is told what became of a report.
    private static EnvelopeRecipient Recipient(EmailAddress address) => new() { Address = address, Notify = DsnNotify.Never };

    private async Task AddAsync(EmailAddress address, TenantId tenant, HashSet<AccountId> mailboxes, HashSet<EmailAddress> remote, int depth)
    {
        var record = await FindRecordAsync(address);
        switch (record?.Kind)
        {
            case AddressKind.Account:
                mailboxes.Add(record.Account!.Value);
                break;
            case AddressKind.Forwarded:
                remote.UnionWith(record.Targets);
                break;
            case AddressKind.Alias when depth < MaxDepth:
                foreach (var target in record.Targets)
                {
                    await AddTargetAsync(target, tenant, mailboxes, remote, depth);
                }

                break;
        }
    }

    private async Task AddTargetAsync(EmailAddress target, TenantId tenant, HashSet<AccountId> mailboxes, HashSet<EmailAddress> remote, int depth)
    {
        if (await TenantOfAsync(target) == tenant)
        {
            await AddAsync(target, tenant, mailboxes, remote, depth + 1);
        }
        else
        {
            remote.Add(target);
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
}
