using System.Security.Cryptography;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// The DKIM keys of a domain. What a key is at a moment follows from times that are stored and from the clock: it signs from a moment on, until it is retired or a key made after it, of
/// its algorithm, begins to sign, and its record stays listed for a week after that. No timer changes anything.
/// </summary>
internal sealed class DkimGrain(GrainStorage storage, MailboxesOptions options, UnknownNames unknown) : SnapshotGrain<DkimState, DkimEvent>(storage), IDkimGrain
{
    /// <summary>RFC 8301 §3.2: at least 1,024 and better 2,048, which is also what one UDP answer holds.</summary>
    private const int RsaBits = 2048;

    /// <summary>Keys of one domain that are listed; two that sign, two that follow, and a rotation every day of a week.</summary>
    private const int MaxKeys = 20;

    /// <summary>How long the record of a retired key stays: mail is tried for five days, and read later.</summary>
    private static readonly TimeSpan ListedAfterRetirement = TimeSpan.FromDays(7);

    private readonly TimeProvider time = storage.Time;

    protected override string JournalName => $"dkim/{this.GetPrimaryKeyString()}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Tenant is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<DkimKeyAnswer> AddAsync(DkimAlgorithm algorithm, string selector)
    {
        if (await GrainFactory.GetGrain<IDomainGrain>(this.GetPrimaryKeyString()).GetTenantAsync() is not { } tenant)
        {
            return new(DkimKeyOutcome.NotHosted);
        }

        // Made before anything is decided: it takes a tenth of a second of a processor, which is not the grain's.
        var (privateKey, publicKey) = await Task.Run(() => algorithm == DkimAlgorithm.Rsa ? NewRsa() : NewEd25519());
        var now = time.GetUtcNow();
        var outcome = DkimKeyOutcome.Done;
        if (Find(selector, now) is { } existing)
        {
            outcome = existing.Algorithm == algorithm && StateOf(existing, now) != DkimKeyState.Retired ? DkimKeyOutcome.Done : DkimKeyOutcome.SelectorTaken;
        }
        else if (Listed(now).Count() >= MaxKeys)
        {
            outcome = DkimKeyOutcome.TooMany;
        }
        else
        {
            var key = new StoredDkimKey
            {
                Selector = selector,
                Algorithm = algorithm,
                PrivateKey = privateKey,
                PublicKey = publicKey,
                CreatedAt = now,
                SignsFrom = now + options.DkimSignsAfter,
            };
            Record(new DkimKeyAdded(tenant, key, [.. State.Keys.Except(Listed(now)).Select(gone => gone.Selector)]));
        }

        return await AnswerAsync(outcome, selector, now);
    }

    public async Task<IReadOnlyList<DkimKey>> GetAsync()
    {
        var now = time.GetUtcNow();
        DkimKey[] keys = [.. Listed(now).Select(key => View(key, now))];
        await Durable();
        return keys;
    }

    public Task<DkimKeyAnswer> ActivateAsync(string selector)
    {
        var now = time.GetUtcNow();
        var outcome = Find(selector, now) is not { } key ? DkimKeyOutcome.NoSuchKey
            : StateOf(key, now) == DkimKeyState.Retired ? DkimKeyOutcome.Retired
            : DkimKeyOutcome.Done;
        if (outcome == DkimKeyOutcome.Done && StateOf(Find(selector, now)!, now) == DkimKeyState.Published)
        {
            Record(new DkimKeyActivated(selector, now));
        }

        return AnswerAsync(outcome, selector, now);
    }

    public Task<DkimKeyAnswer> RetireAsync(string selector)
    {
        var now = time.GetUtcNow();
        var key = Find(selector, now);
        if (key is not null && StateOf(key, now) != DkimKeyState.Retired)
        {
            Record(new DkimKeyRetired(selector, now));
        }

        return AnswerAsync(key is null ? DkimKeyOutcome.NoSuchKey : DkimKeyOutcome.Done, selector, now);
    }

    public async Task<IReadOnlyList<DkimSigningKey>> GetSigningKeysAsync(TenantId tenant)
    {
        var now = time.GetUtcNow();
        DkimSigningKey[] keys = State.Tenant != tenant
            ? []
            : [.. State.Keys.Where(key => StateOf(key, now) == DkimKeyState.Signing).Select(key => new DkimSigningKey(key.Selector, key.Algorithm, key.PrivateKey))];
        await Durable();
        return keys;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(DkimState state, DkimEvent recorded)
    {
        switch (recorded)
        {
            case DkimKeyAdded added:
                state.Tenant = added.Tenant;
                state.Keys.RemoveAll(key => added.Forgotten.Contains(key.Selector));
                state.Keys.Add(added.Key);
                break;
            case DkimKeyActivated activated:
                Replace(state, activated.Selector, key => key with { SignsFrom = activated.At });
                break;
            case DkimKeyRetired retired:
                Replace(state, retired.Selector, key => key with { RetiredAt = retired.At, PrivateKey = ReadOnlyMemory<byte>.Empty });
                break;
        }
    }

    private static void Replace(DkimState state, string selector, Func<StoredDkimKey, StoredDkimKey> change)
    {
        var at = state.Keys.FindIndex(key => key.Selector == selector);
        state.Keys[at] = change(state.Keys[at]);
    }

    private async Task<DkimKeyAnswer> AnswerAsync(DkimKeyOutcome outcome, string selector, DateTimeOffset now)
    {
        var key = Find(selector, now) is { } found && outcome == DkimKeyOutcome.Done ? View(found, now) : null;
        await Durable();
        return new(outcome, key);
    }

    private StoredDkimKey? Find(string selector, DateTimeOffset now) => Listed(now).FirstOrDefault(key => key.Selector == selector);

    private IEnumerable<StoredDkimKey> Listed(DateTimeOffset now) => State.Keys.Where(key => !(RetirementOf(key, now) + ListedAfterRetirement <= now));

    private DkimKeyState StateOf(StoredDkimKey key, DateTimeOffset now) =>
        RetirementOf(key, now) is not null ? DkimKeyState.Retired : key.SignsFrom > now ? DkimKeyState.Published : DkimKeyState.Signing;

    // When it was retired, or when a newer one of its algorithm began to sign; null while neither is so. A key that was retired before it signed took nobody's place.
    private DateTimeOffset? RetirementOf(StoredDkimKey key, DateTimeOffset now)
    {
        var successor = State.Keys.Skip(State.Keys.IndexOf(key) + 1)
            .Where(newer => newer.Algorithm == key.Algorithm && newer.SignsFrom <= now && !(newer.RetiredAt <= newer.SignsFrom))
            .Min(newer => (DateTimeOffset?)newer.SignsFrom);
        return key.RetiredAt is null || successor < key.RetiredAt ? successor : key.RetiredAt;
    }

    private DkimKey View(StoredDkimKey key, DateTimeOffset now) => new()
    {
        Selector = key.Selector,
        Algorithm = key.Algorithm,
        State = StateOf(key, now),
        PublicKey = key.PublicKey,
        CreatedAt = key.CreatedAt,
        SignsFrom = key.SignsFrom,
        ListedUntil = RetirementOf(key, now) + ListedAfterRetirement,
    };

    private static (byte[] Private, byte[] Public) NewRsa()
    {
        using var rsa = RSA.Create(RsaBits);
        return (rsa.ExportPkcs8PrivateKey(), rsa.ExportSubjectPublicKeyInfo());
    }

    // RFC 8410 §7; .NET has no Ed25519.
    private static (byte[] Private, byte[] Public) NewEd25519()
    {
        var key = new Ed25519PrivateKeyParameters(new SecureRandom());
        return (PrivateKeyInfoFactory.CreatePrivateKeyInfo(key).GetEncoded(), key.GeneratePublicKey().GetEncoded());
    }
}
