using System.Net;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Credentials.Guessing;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.Web.SignIns;

/// <summary>How an attempt to sign in ended.</summary>
internal enum SignInVerdict
{
    /// <summary>Wrong credentials, for whatever reason.</summary>
    Refused = 0,
    SignedIn = 1,

    /// <summary>The password is right, and the account has a second factor.</summary>
    CodeNeeded = 2,

    /// <summary>The password is right, and the code is not.</summary>
    CodeWrong = 3,

    /// <summary>The credentials are right, and the account is suspended.</summary>
    Suspended = 4,

    /// <summary>Too many attempts wait, too many codes were wrong, or the tenant has too many sessions.</summary>
    TryLater = 5,
}

/// <param name="Account">Of the name that was given; null: it is no account's.</param>
/// <param name="AppPassword">By which it was; null: the account's own.</param>
internal readonly record struct SignInOutcome(SignInVerdict Verdict, AddressRecord? Account, AppPasswordMatch? AppPassword);

/// <param name="Code">Null: none came.</param>
internal sealed record GivenCredentials(string Address, string Password, string? Code)
{
    /// <summary>Without what is secret.</summary>
    public override string ToString() => nameof(GivenCredentials);
}

/// <summary>Checks who signs in over HTTP, with the same defence against guessing, the same standing and the same history as the mail protocols have.</summary>
internal sealed class SignInAttempts(IGrainFactory grains, GrainCalls calls, Standings standings, PasswordCheck passwords, LoginHistory logins)
{
    /// <param name="client">The client's own address, not that of a proxy: failures are counted by it.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async Task<SignInOutcome> RunAsync(GivenCredentials given, IPAddress client, CancellationToken cancellationToken)
    {
        var attempt = Guid.NewGuid();
        AddressRecord? account = null;
        var since = 0L;
        var verdict = await passwords.CheckAsync(given.Address, given.Password, client, FindAsync, cancellationToken);
        var ended = verdict.Answer switch
        {
            LoginAnswer.Right => await AdmitAsync(account!, verdict, since, cancellationToken),
            LoginAnswer.Incomplete => SignInVerdict.CodeNeeded,
            LoginAnswer.WrongCode => SignInVerdict.CodeWrong,
            LoginAnswer.TryLater => SignInVerdict.TryLater,
            _ => SignInVerdict.Refused,
        };
        logins.Note(account, new(LoginProtocols.Http, ClientNetwork.NameOf(client), "password", verdict.AppPassword?.Name, ResultOf(ended)));
        return new(ended, account, verdict.AppPassword);

        async ValueTask<FoundLogin> FindAsync(string username, CancellationToken end)
        {
            account = null;
            if (!EmailAddress.TryParse(username, out var name))
            {
                return new(username, null);
            }

            since = standings.Changes;
            var patience = calls.NewPatience();
            account = await standings.FindAccountAsync(name, patience, end);

            // By the account's own address, whatever name it has come by: its failures count together.
            var key = account?.Address.Key ?? await standings.KeyOfUnknownAsync(name, patience, end);
            return new(key, account?.Verifier)
            {
                AppPasswords = (digest, network, ct) => UseAppPasswordAsync(account, key, digest, network, ct),
                SecondFactor = account is { HasSecondFactor: true } ? new(given.Code, (code, ct) => UseCodeAsync(key, attempt, code, ct)) : null,
            };
        }
    }

    private async ValueTask<AppPasswordMatch?> UseAppPasswordAsync(AddressRecord? account, string key, string digest, string network, CancellationToken cancellationToken) =>
        await standings.UseAppPasswordAsync(account, key, digest, LoginProtocols.Http, network, calls.NewPatience(), cancellationToken) is { } used ? new(used.Id, used.Name) : null;

    private async ValueTask<CodeAnswer> UseCodeAsync(string key, Guid attempt, string code, CancellationToken cancellationToken)
    {
        // Authenticators show the digits in two groups.
        var digits = code.Replace(" ", "", StringComparison.Ordinal);
        return await calls.CallAsync(() => grains.GetGrain<ITotpGrain>(key).UseAsync(attempt, digits, RecoveryCode.DigestOf(code)), cancellationToken) switch
        {
            TotpAnswer.Right => CodeAnswer.Right,
            TotpAnswer.TooMany => CodeAnswer.TryLater,
            _ => CodeAnswer.Wrong,
        };
    }

    private async Task<SignInVerdict> AdmitAsync(AddressRecord account, PasswordVerdict verdict, long since, CancellationToken cancellationToken)
    {
        if (verdict.Rehash is { } change)
        {
            await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(account.Address.Key).ReplaceVerifierAsync(change.Expected, change.Verifier), cancellationToken);
        }

        // No session stays open here: whether one might is what is asked.
        var admission = await standings.EnterAsync(account, verdict.AppPassword?.Id, since, calls.NewPatience(), cancellationToken);
        admission.Session?.Dispose();
        return admission.Refusal switch
        {
            AdmissionRefusal.None => SignInVerdict.SignedIn,
            AdmissionRefusal.Revoked => SignInVerdict.Refused,
            AdmissionRefusal.TooManySessions => SignInVerdict.TryLater,
            _ => SignInVerdict.Suspended,
        };
    }

    private static LoginResult ResultOf(SignInVerdict verdict) => verdict switch
    {
        SignInVerdict.SignedIn => LoginResult.Ok,
        SignInVerdict.CodeNeeded or SignInVerdict.CodeWrong => LoginResult.Incomplete,
        SignInVerdict.Suspended => LoginResult.Suspended,
        SignInVerdict.TryLater => LoginResult.Limited,
        _ => LoginResult.Wrong,
    };
}
