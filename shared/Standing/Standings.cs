using System.Collections.Concurrent;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Standing;

/// <summary>
/// What accounts may do, as this edge knows it. A tenant's terms, and who hosts a domain, are remembered for a few seconds, or until the directory tells of a change of them; an account's state stands
/// in its record, which the caller has read.
/// </summary>
public sealed class Standings(AccountSessions sessions, IGrainFactory grains, GrainCalls calls, TimeProvider time)
{
    /// <summary>As Smtp:DirectoryCache. It counts only for an edge that is not told of changes.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    /// <summary>About 2 MB when full; it is emptied then, which costs a grain call for each tenant in use.</summary>
    private const int Capacity = 20_000;

    /// <summary>Sessions of others that wait are bounded for all tenants together (RFC 5321 §4.5.3.2.3 would let a client wait for five minutes).</summary>
    private static readonly TimeSpan LongestArrival = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<TenantId, (long At, long Version, TenantTerms Terms)> tenants = [];
    private readonly ConcurrentDictionary<string, (long At, long Version, DomainInfo Info)> domains = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TenantId, bool> beingRead = [];
    private readonly TenantPace commands = new(time);
    private readonly TenantPace arrivals = new(time);

    /// <summary>Rises with each change of the directory that this edge is told of, whatever it touches: for a moment's comparison, not for what is remembered.</summary>
    public long Changes => sessions.Changes;

    /// <inheritdoc cref="AccountSessions.VersionOf"/>
    public long VersionOf(string name) => sessions.VersionOf(name);

    /// <summary>What an address' record, its domain and its tenant allow together: nothing, when the domain is deleted.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<AccountState> FindStateAsync(AddressRecord record, Patience patience, CancellationToken cancellationToken)
    {
        if (await FindDomainAsync(record.Address.AsciiDomain, patience, cancellationToken).ConfigureAwait(false) is not { } domain || domain.Tenant != record.Tenant)
        {
            return AccountState.Suspended;
        }

        var terms = await FindTermsAsync(record.Tenant, patience, cancellationToken).ConfigureAwait(false);
        return record.State > terms.State ? record.State : terms.State;
    }

    /// <summary>What a tenant may do and have.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<TenantTerms> FindTermsAsync(TenantId tenant, Patience patience, CancellationToken cancellationToken)
    {
        if (tenants.TryGetValue(tenant, out var known) && IsFresh(tenant, known))
        {
            return known.Terms;
        }

        return await ReadTermsAsync(tenant, patience, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the next turn of a tenant whose clients are served at its pace (<see cref="TenantLimits.CommandsPerSecond"/>), and tells how long it is until then.</summary>
    public TimeSpan TakeTurn(TenantId tenant) => PaceAtHand(tenant) is > 0 and var perSecond ? commands.Take(tenant, perSecond, TimeSpan.MaxValue)!.Value : TimeSpan.Zero;

    /// <summary>The same for a recipient whom others send mail. When <c>HasTurn</c> is false none was taken: the mail had better come later, and who sends it is told after the wait, so that asking again is no load.</summary>
    public (TimeSpan Wait, bool HasTurn) TakeArrival(TenantId tenant) => PaceAtHand(tenant) is > 0 and var perSecond
        ? arrivals.Take(tenant, perSecond, LongestArrival) is { } wait ? (wait, true) : (LongestArrival, false)
        : (TimeSpan.Zero, true);

    /// <summary>The account's app password with this digest, if it opens the protocol now.</summary>
    /// <param name="account">Null: there is none by this key. It is asked all the same, since time would tell.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<AppPassword?> UseAppPasswordAsync(
        AddressRecord? account, string key, string digest, LoginProtocols protocol, string network, Patience patience, CancellationToken cancellationToken)
    {
        var passwords = grains.GetGrain<IAppPasswordsGrain>(key);
        var used = await calls.CallAsync(() => passwords.UseAsync(digest, protocol, network), patience, cancellationToken).ConfigureAwait(false);
        return account is null ? null : used;
    }

    /// <summary>Who hosts a domain, and where addresses lead that it has not; null when nobody hosts it, which is not remembered: a new domain has mail at once.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<DomainInfo?> FindDomainAsync(string asciiDomain, Patience patience, CancellationToken cancellationToken)
    {
        if (domains.TryGetValue(asciiDomain, out var known) && known.Version == VersionOf(asciiDomain) && time.GetElapsedTime(known.At) < Lifetime)
        {
            return known.Info;
        }

        var (at, version) = (time.GetTimestamp(), VersionOf(asciiDomain));
        var info = await calls.CallAsync(() => grains.GetGrain<IDomainGrain>(asciiDomain).FindAsync(), patience, cancellationToken).ConfigureAwait(false);
        if (info is null)
        {
            return null;
        }

        if (domains.Count >= Capacity)
        {
            domains.Clear();
        }

        domains[asciiDomain] = (at, version, info);
        return info;
    }

    /// <summary>
    /// The account of a login name, by the name's own address or by that one in the domain that its domain is another name of; as the directory has it now, never a remembered one:
    /// a changed password holds at once.
    /// </summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<AddressRecord?> FindAccountAsync(EmailAddress name, Patience patience, CancellationToken cancellationToken)
    {
        var record = await ReadAsync(name.Key, patience, cancellationToken).ConfigureAwait(false);
        if (record is null && await FindDomainAsync(name.AsciiDomain, patience, cancellationToken).ConfigureAwait(false) is { Route.AliasOf: { } other } domain)
        {
            var there = await ReadAsync((name with { Domain = other }).Key, patience, cancellationToken).ConfigureAwait(false);
            record = there?.Tenant == domain.Tenant ? there : null;
        }

        return record is { Kind: AddressKind.Account, Account: not null } ? record : null;
    }

    /// <summary>
    /// The name by which failures are counted of one that is no account's: in a domain that is another name of one, that in the other, as of an account's other names. Two names with one count, or with one
    /// salt, would tell which accounts there are.
    /// </summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<string> KeyOfUnknownAsync(EmailAddress name, Patience patience, CancellationToken cancellationToken) =>
        await FindDomainAsync(name.AsciiDomain, patience, cancellationToken).ConfigureAwait(false) is { Route.AliasOf: { } other } ? (name with { Domain = other }).Key : name.Key;

    /// <summary>Lets a client in that has shown who it is. Its session is told of a suspension from the moment on at which <paramref name="since"/> was read.</summary>
    /// <param name="account">As the directory had it.</param>
    /// <param name="appPassword">The app password that it has shown, if any.</param>
    /// <param name="since"><see cref="Changes"/> before the directory was asked.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<Admission> EnterAsync(AddressRecord account, Guid? appPassword, long since, Patience patience, CancellationToken cancellationToken)
    {
        var session = sessions.Enter(account.Account!.Value, account.Address.Key, appPassword);
        var refusal = AdmissionRefusal.Suspended;
        try
        {
            // Only now is the session told: what came between the look-up and this is asked for.
            var current = Changes == since ? account : await ReadAsync(account.Address.Key, patience, cancellationToken).ConfigureAwait(false);
            if (Changes != since && appPassword is { } shown && !(await ListAppPasswordsAsync(account.Address.Key, patience, cancellationToken).ConfigureAwait(false)).Contains(shown))
            {
                refusal = AdmissionRefusal.Revoked;
            }
            else if (await MayLogInAsync(current, account.Account.Value, patience, cancellationToken).ConfigureAwait(false))
            {
                var most = (await FindTermsAsync(account.Tenant, patience, cancellationToken).ConfigureAwait(false)).Limits.Sessions;
                refusal = most > 0 && sessions.CountOf(account.Tenant) > most ? AdmissionRefusal.TooManySessions : AdmissionRefusal.None;
            }

            return new(refusal == AdmissionRefusal.None ? session : null, refusal);
        }
        finally
        {
            if (refusal != AdmissionRefusal.None)
            {
                session.Dispose();
            }
        }
    }

    /// <summary>Asks the directory about every account that has a session here, and ends those that may have none.</summary>
    internal async Task CheckAllAsync(CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(sessions.All(), parallel, async (live, ct) =>
        {
            var patience = calls.NewPatience();
            var record = await ReadAsync(live.AddressKey, patience, ct).ConfigureAwait(false);
            if (!await MayLogInAsync(record, live.Account, patience, ct).ConfigureAwait(false))
            {
                sessions.End(live.Account);
            }
            else if (sessions.AppPasswordsOf(live.Account) is { Count: > 0 } used)
            {
                foreach (var revoked in used.Except(await ListAppPasswordsAsync(live.AddressKey, patience, ct).ConfigureAwait(false)))
                {
                    sessions.Revoke(live.Account, revoked);
                }
            }
        }).ConfigureAwait(false);
    }

    // Of what is known, however old it is: no command waits for the directory. Who has a session, or has a recipient looked up, has had the terms read.
    private int PaceAtHand(TenantId tenant)
    {
        if (!tenants.TryGetValue(tenant, out var known))
        {
            return 0;
        }

        if (!IsFresh(tenant, known) && beingRead.TryAdd(tenant, true))
        {
            ReadAgainAsync(tenant).Ignore();
        }

        return known.Terms.Limits.CommandsPerSecond;
    }

    private bool IsFresh(TenantId tenant, (long At, long Version, TenantTerms Terms) known) => known.Version == VersionOf(tenant.Value) && time.GetElapsedTime(known.At) < Lifetime;

    private async Task ReadAgainAsync(TenantId tenant)
    {
        try
        {
            await ReadTermsAsync(tenant, calls.NewPatience(), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            beingRead.TryRemove(tenant, out _);
        }
    }

    private async ValueTask<TenantTerms> ReadTermsAsync(TenantId tenant, Patience patience, CancellationToken cancellationToken)
    {
        var (at, version) = (time.GetTimestamp(), VersionOf(tenant.Value));
        var terms = await calls.CallAsync(() => grains.GetGrain<ITenantGrain>(tenant.Value).GetTermsAsync(), patience, cancellationToken).ConfigureAwait(false);
        if (tenants.Count >= Capacity)
        {
            tenants.Clear();
        }

        tenants[tenant] = (at, version, terms);
        return terms;
    }

    private async ValueTask<bool> MayLogInAsync(AddressRecord? record, AccountId account, Patience patience, CancellationToken cancellationToken) =>
        record is { Kind: AddressKind.Account } && record.Account == account
        && await FindStateAsync(record, patience, cancellationToken).ConfigureAwait(false) != AccountState.Suspended;

    private async ValueTask<HashSet<Guid>> ListAppPasswordsAsync(string key, Patience patience, CancellationToken cancellationToken)
    {
        var listed = await calls.CallAsync(() => grains.GetGrain<IAppPasswordsGrain>(key).ListAsync(), patience, cancellationToken).ConfigureAwait(false);
        return [.. listed.Select(password => password.Id)];
    }

    private ValueTask<AddressRecord?> ReadAsync(string key, Patience patience, CancellationToken cancellationToken) =>
        calls.CallAsync(() => grains.GetGrain<IAddressGrain>(key).GetAsync(), patience, cancellationToken);
}

/// <summary>Why nobody is let in whose credentials are right.</summary>
public enum AdmissionRefusal
{
    None = 0,
    Suspended = 1,

    /// <summary>The tenant has as many sessions on this edge as it may.</summary>
    TooManySessions = 2,

    /// <summary>The app password was taken back meanwhile.</summary>
    Revoked = 3,
}

/// <param name="Session">Null when the client is not let in; who takes it ends it.</param>
public readonly record struct Admission(AccountSession? Session, AdmissionRefusal Refusal);
