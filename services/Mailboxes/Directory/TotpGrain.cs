using System.Security.Cryptography;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using OtpNet;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// The second factor of one account. Invariants:
/// <list type="number">
/// <item>A code's step, and a recovery code, is journaled as used before anybody hears that it was right; of two activations one appends, the other is fenced.</item>
/// <item>What is asked of a sign-in stands with the address: it is told after a secret is confirmed, and before one is removed. A death in between leaves no account that asks for a code which nobody
/// can have, and a repeat finishes.</item>
/// </list>
/// </summary>
internal sealed class TotpGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<TotpState, TotpEvent>(storage), ITotpGrain
{
    /// <summary>RFC 4226 §4 R6 recommends 160 bits, which is what authenticator programs expect.</summary>
    private const int SecretOctets = 20;

    /// <summary>Wrong codes that cost nothing but the edges' own delays. With one more each <see cref="Regained"/> that makes 300 a day, of which one in a thousand days is right by chance.</summary>
    private const int Allowed = 10;

    private static readonly TimeSpan Regained = TimeSpan.FromMinutes(5);

    /// <summary>One step before and after, as RFC 6238 §5.2 recommends for clocks that differ, and people who are slow.</summary>
    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    /// <summary>Beyond the number allowed only for who knows the password. In memory alone: an activation that ends gives ten guesses more, and nobody outside ends one.</summary>
    private int wrong;

    private DateTimeOffset wrongAsOf;

    private string Key => this.GetPrimaryKeyString();

    private IAddressGrain Address => GrainFactory.GetGrain<IAddressGrain>(Key);

    protected override string JournalName => $"totp/{Key}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Secret is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<TotpStatus> GetAsync()
    {
        var status = new TotpStatus(State.Secret is not null && State.ConfirmedAt is null, State.ConfirmedAt, State.RecoveryDigests.Count);
        await Durable();
        return status;
    }

    public async Task<TotpSecret?> BeginAsync()
    {
        var secret = await Address.GetAsync() is { Kind: AddressKind.Account, HasSecondFactor: false } ? new TotpSecret(RandomNumberGenerator.GetBytes(SecretOctets)) : null;
        if (secret is not null)
        {
            Record(new TotpBegun(secret));
        }

        await Durable();
        return secret;
    }

    public async Task<TotpAnswer> ConfirmAsync(string code, string[] recoveryDigests)
    {
        var (answer, step) = Check(code);
        if (answer == TotpAnswer.Right)
        {
            Record(new TotpConfirmed(Storage.Time.GetUtcNow(), step, recoveryDigests));
        }

        await Durable();
        return answer != TotpAnswer.Right || await Address.SetSecondFactorAsync(true) ? answer : TotpAnswer.NoSecret;
    }

    public async Task<TotpAnswer> UseAsync(Guid attempt, string code, string? recoveryDigest)
    {
        var answer = State.ConfirmedAt is null ? TotpAnswer.NoSecret : TotpAnswer.Right;
        if (answer == TotpAnswer.Right && attempt != State.LastAttempt)
        {
            answer = Use(attempt, code, recoveryDigest);
        }

        await Durable();
        return answer;
    }

    public async Task RemoveAsync()
    {
        await Address.SetSecondFactorAsync(false);
        if (State.Secret is not null)
        {
            Record(new TotpRemoved());
        }

        await Durable();
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(TotpState state, TotpEvent recorded)
    {
        switch (recorded)
        {
            case TotpBegun begun:
                (state.Secret, state.ConfirmedAt, state.LastStep) = (begun.Secret, null, 0);
                state.RecoveryDigests.Clear();
                break;
            case TotpConfirmed confirmed:
                (state.ConfirmedAt, state.LastStep) = (state.ConfirmedAt ?? confirmed.At, confirmed.Step);
                state.RecoveryDigests.Clear();
                state.RecoveryDigests.AddRange(confirmed.RecoveryDigests);
                break;
            case TotpUsed used:
                (state.LastAttempt, state.LastStep) = (used.Attempt, used.Step ?? state.LastStep);
                state.RecoveryDigests.RemoveAll(digest => digest == used.RecoveryDigest);
                break;
            case TotpRemoved:
                (state.Secret, state.ConfirmedAt) = (null, null);
                state.RecoveryDigests.Clear();
                break;
        }
    }

    private TotpAnswer Use(Guid attempt, string code, string? recoveryDigest)
    {
        // Nobody guesses a recovery code: it is looked at however many codes were wrong, so that who has the password cannot lock the owner out.
        if (recoveryDigest is not null && State.RecoveryDigests.Contains(recoveryDigest))
        {
            Record(new TotpUsed(attempt, null, recoveryDigest));
            return TotpAnswer.Right;
        }

        var (answer, step) = Check(code);
        if (answer == TotpAnswer.Right)
        {
            Record(new TotpUsed(attempt, step, null));
        }

        return answer;
    }

    private (TotpAnswer Answer, long Step) Check(string code)
    {
        if (State.Secret is not { } secret)
        {
            return (TotpAnswer.NoSecret, 0);
        }

        var now = Storage.Time.GetUtcNow();
        if (WrongAt(now) >= Allowed)
        {
            return (TotpAnswer.TooMany, 0);
        }

        if (new Totp(secret.Octets.ToArray()).VerifyTotp(now.UtcDateTime, code, out var step, Window) && step > State.LastStep)
        {
            return (TotpAnswer.Right, step);
        }

        wrong++;
        return (TotpAnswer.Wrong, 0);
    }

    private int WrongAt(DateTimeOffset now)
    {
        var regained = wrong == 0 ? 0 : (int)Math.Min((now - wrongAsOf) / Regained, wrong);
        wrong -= regained;
        wrongAsOf = wrong == 0 ? now : wrongAsOf + (Regained * regained);
        return wrong;
    }
}
