using System.Collections.Concurrent;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Groups;

/// <summary>What members of a group stand for, by the directory: as RCPT would take it, but for who may send to a group among them, which who put it there has decided.</summary>
internal sealed class MemberLookup(IGrainFactory grains, GrainCalls calls)
{
    /// <summary>Members looked up side by side.</summary>
    private const int AtATime = 32;

    // Aliases of aliases, and addresses that one member may come to stand for: as at RCPT.
    private const int MaxDepth = 10;
    private const int MaxTargets = 1000;

    /// <exception cref="GrainUnavailableException">The directory does not answer.</exception>
    public async Task<Member[]> FindAsync(IReadOnlyList<EmailAddress> addresses, TenantId tenant, CancellationToken cancellationToken)
    {
        var page = new Page(grains, calls, tenant);
        var found = new Member[addresses.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, addresses.Count), parallel, async (i, _) => found[i] = await page.FindAsync(addresses[i]));
        return found;
    }

    /// <summary>The lookups of one page, which asks for each domain once.</summary>
    private sealed class Page(IGrainFactory grains, GrainCalls calls, TenantId tenant)
    {
        private readonly ConcurrentDictionary<string, Lazy<Task<DomainInfo?>>> domains = new(StringComparer.Ordinal);

        public async Task<Member> FindAsync(EmailAddress address)
        {
            var member = new Member(address);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            List<EmailAddress> level = [address];
            for (var depth = 0; level.Count > 0 && depth <= MaxDepth && seen.Count <= MaxTargets; depth++)
            {
                var next = new List<EmailAddress>();
                foreach (var target in level.Where(t => seen.Add(t.Key)))
                {
                    next.AddRange(await AddAsync(member, target));
                }

                level = next;
            }

            return member;
        }

        /// <summary>Takes down what an address stands for, and answers what it leads to.</summary>
        private async Task<IReadOnlyList<EmailAddress>> AddAsync(Member member, EmailAddress target)
        {
            if (await DomainAsync(target.AsciiDomain) is not { } domain || domain.Tenant != tenant)
            {
                // Another host's, or another tenant's: it comes back in as a message of that tenant.
                member.Remote.Add(target);
                return [];
            }

            var record = await FindRecordAsync(target, domain);
            switch (record?.Kind)
            {
                case null:
                    return await CatchAllAsync(domain) is { } caught ? [caught] : [];
                case AddressKind.Account when record.State == AccountState.Suspended:
                    member.IsSuspended = true;
                    return [];
                case AddressKind.Account:
                    member.Mailboxes.Add(record.Account!.Value);
                    return [];
                case AddressKind.Alias:
                    return record.Targets;
                case AddressKind.Forwarded:
                    member.Remote.UnionWith(record.Targets);
                    return [];
                case AddressKind.Group:
                    member.Groups.Add(record.Address);
                    return [];
                default:
                    return [];
            }
        }

        private async Task<AddressRecord?> FindRecordAsync(EmailAddress address, DomainInfo domain)
        {
            foreach (var key in domain.KeysOf(address))
            {
                if (await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(key).GetAsync(), CancellationToken.None) is { } record && record.Tenant == tenant)
                {
                    return record;
                }
            }

            return null;
        }

        private async Task<EmailAddress?> CatchAllAsync(DomainInfo domain) => domain.Route.AliasOf is { } other
            ? await DomainAsync(other) is { } there && there.Tenant == tenant ? there.Route.CatchAll : null
            : domain.Route.CatchAll;

        private Task<DomainInfo?> DomainAsync(string asciiDomain) => domains.GetOrAdd(
            asciiDomain, name => new(() => calls.CallAsync(() => grains.GetGrain<IDomainGrain>(name).FindAsync(), CancellationToken.None).AsTask())).Value;
    }
}
