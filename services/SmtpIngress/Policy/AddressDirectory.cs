using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>
/// What the directory's grains say of domains and addresses, remembered for a few seconds. That something does not exist is not remembered: a new account can be
/// written to at once. Calls throw what the grain call throws; the caller answers 451, never 550.
/// </summary>
internal sealed class AddressDirectory(IGrainFactory grains, TimeSpan lifetime, TimeProvider time)
{
    // About 10 MB when full; it is emptied then, which costs a grain call for each address in use.
    private const int Capacity = 20_000;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, (long At, AddressRecord Record)> addresses = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, (long At, TenantId Tenant)> domains = new(StringComparer.Ordinal);

    public async ValueTask<TenantId?> FindTenantAsync(string asciiDomain)
    {
        if (domains.TryGetValue(asciiDomain, out var known) && time.GetElapsedTime(known.At) < lifetime)
        {
            return known.Tenant;
        }

        var at = time.GetTimestamp();
        var tenant = await grains.GetGrain<IDomainGrain>(asciiDomain).GetTenantAsync().ConfigureAwait(false);
        if (tenant is { } found)
        {
            Remember(domains, asciiDomain, (at, found));
        }

        return tenant;
    }

    public async ValueTask<AddressRecord?> FindAsync(string key)
    {
        if (addresses.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < lifetime)
        {
            return known.Record;
        }

        var at = time.GetTimestamp();
        var record = await grains.GetGrain<IAddressGrain>(key).GetAsync().ConfigureAwait(false);
        if (record is not null)
        {
            Remember(addresses, key, (at, record));
        }

        return record;
    }

    /// <summary>The address as it stands, else without its subaddress (RFC 5233).</summary>
    public async ValueTask<AddressRecord?> FindAsync(EmailAddress address)
    {
        var key = address.Key;
        var record = await FindAsync(key).ConfigureAwait(false);
        var plain = address.WithoutDetail.Key;
        return record is null && plain != key ? await FindAsync(plain).ConfigureAwait(false) : record;
    }

    /// <summary>The verifier as it stands now, never a remembered one: a changed password holds at once.</summary>
    public async ValueTask<AddressRecord?> FindAccountAsync(string username) =>
        EmailAddress.TryParse(username, out var address)
        && await grains.GetGrain<IAddressGrain>(address.Key).GetAsync().ConfigureAwait(false) is { Kind: AddressKind.Account } record
            ? record
            : null;

    public Task ReplaceVerifierAsync(EmailAddress address, string expected, string verifier) =>
        grains.GetGrain<IAddressGrain>(address.Key).ReplaceVerifierAsync(expected, verifier);

    /// <summary>Of these accounts, the ones that have a live session (RFC 821 §3.4).</summary>
    public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts) => grains.GetGrain<ITerminalsGrain>(0).FindLiveAsync(accounts);

    public Task<MailboxQuota?> FindQuotaAsync(AccountId account) => grains.GetGrain<IMailboxGrain>(account.Value).GetQuotaAsync();

    private static void Remember<T>(System.Collections.Concurrent.ConcurrentDictionary<string, T> table, string key, T value)
    {
        if (table.Count >= Capacity)
        {
            table.Clear();
        }

        table[key] = value;
    }
}
