using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Reports;

/// <summary>Where a report to a sender goes: to mailboxes here, or out to another host.</summary>
internal sealed class SenderMailbox(IGrainFactory grains, GrainCalls calls)
{
    /// <summary>Aliases of aliases.</summary>
    private const int MaxDepth = 10;

    /// <summary>The sender as a recipient, and the tenant whose mail the report is; null when the address does not exist here.</summary>
    public async Task<(TenantId Tenant, EnvelopeRecipient Recipient)?> FindAsync(EmailAddress sender, TenantId original)
    {
        if (await TenantOfAsync(sender) is not { } tenant)
        {
            return (original, Recipient(sender) with { Remote = [sender] });
        }

        var mailboxes = new HashSet<AccountId>();
        var remote = new HashSet<EmailAddress>();
        await AddAsync(sender, tenant, mailboxes, remote, depth: 0);
        return mailboxes.Count + remote.Count == 0 ? null : (tenant, Recipient(sender) with { Mailboxes = [.. mailboxes], Remote = [.. remote] });
    }

    // RFC 3461 §6.2: nobody is told what became of a report.
    private static EnvelopeRecipient Recipient(EmailAddress sender) => new() { Address = sender, Notify = DsnNotify.Never };

    private async Task AddAsync(EmailAddress address, TenantId tenant, HashSet<AccountId> mailboxes, HashSet<EmailAddress> remote, int depth)
    {
        var record = await RecordOfAsync(address.Key) ?? await RecordOfAsync(address.WithoutDetail.Key);
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

    private ValueTask<TenantId?> TenantOfAsync(EmailAddress address) => calls.CallAsync(() => grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync(), CancellationToken.None);

    private ValueTask<AddressRecord?> RecordOfAsync(string key) => calls.CallAsync(() => grains.GetGrain<IAddressGrain>(key).GetAsync(), CancellationToken.None);
}
