using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.Submission;

/// <summary>
/// What the directory's grains say of domains and addresses, remembered for a few seconds, and no longer than until the directory tells of a change of it. That something does not exist is
/// not remembered: a new account can be written to at once. Grains that do not answer are asked again while the patience of the transaction lasts; after
/// <see cref="GrainUnavailableException"/> the answer is 451, never 550.
/// </summary>
public sealed class AddressDirectory(IGrainFactory grains, GrainCalls calls, Standings standings, TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Targets of an alias that is remembered: longer lists, which may have 40 kB, are few and asked for each time.</summary>
    private const int MaxTargets = 100;

    // About 10 MB when full, of aliases as long as may be some 150 MB; it is emptied then, which costs a grain call for each address in use.
    private const int Capacity = 20_000;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, (long At, long Version, AddressRecord Record)> addresses = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, (long At, ulong Used)> suppressions = new(StringComparer.Ordinal);

    public async ValueTask<TenantId?> FindTenantAsync(string asciiDomain, Patience patience, CancellationToken cancellationToken) =>
        (await FindDomainAsync(asciiDomain, patience, cancellationToken).ConfigureAwait(false))?.Tenant;

    public async ValueTask<AddressRecord?> FindAsync(string key, Patience patience, CancellationToken cancellationToken)
    {
        if (addresses.TryGetValue(key, out var known) && known.Version == standings.VersionOf(key) && time.GetElapsedTime(known.At) < lifetime)
        {
            return known.Record;
        }

        return await AskAsync(key, patience, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the address stands for, by one of the names that its domain gives it (<see cref="DomainInfo.KeysOf"/>).</summary>
    public async ValueTask<AddressRecord?> FindAsync(EmailAddress address, Patience patience, CancellationToken cancellationToken)
    {
        if (await FindDomainAsync(address.AsciiDomain, patience, cancellationToken).ConfigureAwait(false) is { } domain)
        {
            foreach (var key in domain.KeysOf(address))
            {
                // A domain that this one is another name of may be another tenant's by now.
                if (await FindAsync(key, patience, cancellationToken).ConfigureAwait(false) is { } record && record.Tenant == domain.Tenant)
                {
                    return record;
                }
            }
        }

        return null;
    }

    /// <summary>
    /// Where mail for the address goes: as <see cref="FindAsync(EmailAddress, Patience, CancellationToken)"/>, else to its domain's catch-all, of which the address is an alias then.
    /// </summary>
    public async ValueTask<AddressRecord?> FindRecipientAsync(EmailAddress address, Patience patience, CancellationToken cancellationToken)
    {
        if (await FindAsync(address, patience, cancellationToken).ConfigureAwait(false) is { } record)
        {
            return record;
        }

        var domain = await FindDomainAsync(address.AsciiDomain, patience, cancellationToken).ConfigureAwait(false);
        if (domain?.Route.AliasOf is { } other)
        {
            return await FindDomainAsync(other, patience, cancellationToken).ConfigureAwait(false) is { Route.CatchAll: { } there } info && info.Tenant == domain.Tenant
                ? CatchAll(address, domain.Tenant, there)
                : null;
        }

        return domain?.Route.CatchAll is { } here ? CatchAll(address, domain.Tenant, here) : null;
    }

    /// <inheritdoc cref="Standings.FindAccountAsync"/>
    public async ValueTask<AddressRecord?> FindAccountAsync(string username, Patience patience, CancellationToken cancellationToken) =>
        EmailAddress.TryParse(username, out var address) ? await standings.FindAccountAsync(address, patience, cancellationToken).ConfigureAwait(false) : null;

    public ValueTask<bool> ReplaceVerifierAsync(EmailAddress address, string expected, string verifier, Patience patience, CancellationToken cancellationToken) =>
        calls.CallAsync(() => grains.GetGrain<IAddressGrain>(address.Key).ReplaceVerifierAsync(expected, verifier), patience, cancellationToken);

    /// <summary>Of these accounts, the ones that have a live session (RFC 821 §3.4).</summary>
    public ValueTask<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts, Patience patience, CancellationToken cancellationToken) =>
        calls.CallAsync(() => grains.GetGrain<ITerminalsGrain>(0).FindLiveAsync(accounts), patience, cancellationToken);

    public ValueTask<MailboxQuota?> FindQuotaAsync(AccountId account, Patience patience, CancellationToken cancellationToken) =>
        calls.CallAsync(() => grains.GetGrain<IMailboxGrain>(account.Value).GetQuotaAsync(), patience, cancellationToken);

    /// <summary>What the tenant's suppression list says of an address; null: it is not listed. Which parts of the list hold anything is remembered, what they hold is not.</summary>
    public async ValueTask<Suppression?> FindSuppressionAsync(TenantId tenant, EmailAddress address, Patience patience, CancellationToken cancellationToken)
    {
        var key = address.Key;
        var bucket = SuppressionList.BucketOf(key);
        if (!SuppressionList.IsUsed(await FindUsedAsync(tenant, patience, cancellationToken).ConfigureAwait(false), bucket))
        {
            return null;
        }

        var list = grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(tenant, bucket));
        var found = await calls.CallAsync(() => list.FindAsync([key]), patience, cancellationToken).ConfigureAwait(false);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>Members of a group, the first so many in the order of its pages.</summary>
    public ValueTask<IReadOnlyList<EmailAddress>> FindMembersAsync(AddressRecord group, int most, Patience patience, CancellationToken cancellationToken) =>
        calls.CallAsync(() => grains.GetGrain<IGroupGrain>(group.Address.Key).GetPageAsync("", most), patience, cancellationToken);

    public ValueTask<bool> IsMemberAsync(AddressRecord group, EmailAddress address, Patience patience, CancellationToken cancellationToken)
    {
        var key = address.Key;
        var page = grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(group.Address.Key, GroupPages.PageOf(key)));
        return calls.CallAsync(() => page.ContainsAsync(key), patience, cancellationToken);
    }

    private async ValueTask<AddressRecord?> AskAsync(string key, Patience patience, CancellationToken cancellationToken)
    {
        var (at, version) = (time.GetTimestamp(), standings.VersionOf(key));
        var record = await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(key).GetAsync(), patience, cancellationToken).ConfigureAwait(false);
        if (record is { Targets.Count: <= MaxTargets })
        {
            Remember(addresses, key, (at, version, record));
        }

        return record;
    }

    private static AddressRecord CatchAll(EmailAddress address, TenantId tenant, EmailAddress target) => new() { Address = address, Tenant = tenant, Kind = AddressKind.Alias, Targets = [target] };

    private ValueTask<DomainInfo?> FindDomainAsync(string asciiDomain, Patience patience, CancellationToken cancellationToken) => standings.FindDomainAsync(asciiDomain, patience, cancellationToken);

    private async ValueTask<ulong> FindUsedAsync(TenantId tenant, Patience patience, CancellationToken cancellationToken)
    {
        if (suppressions.TryGetValue(tenant.Value, out var known) && time.GetElapsedTime(known.At) < lifetime)
        {
            return known.Used;
        }

        var at = time.GetTimestamp();
        var used = await calls.CallAsync(() => grains.GetGrain<ISuppressionIndexGrain>(tenant.Value).GetUsedAsync(), patience, cancellationToken).ConfigureAwait(false);
        Remember(suppressions, tenant.Value, (at, used));
        return used;
    }

    private static void Remember<T>(System.Collections.Concurrent.ConcurrentDictionary<string, T> table, string key, T value)
    {
        if (table.Count >= Capacity)
        {
            table.Clear();
        }

        table[key] = value;
    }
}
