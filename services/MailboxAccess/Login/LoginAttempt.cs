using System.Buffers;
using System.Buffers.Text;
using System.Net;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Oidc;
using MailCloud.Standing;

namespace MailCloud.MailboxAccess.Login;

/// <summary>How an attempt to log in ended.</summary>
internal enum LoginVerdict
{
    /// <summary>Wrong credentials, for whatever reason: the client is told no more.</summary>
    Refused = 0,

    /// <summary>The client is who it says, and its account is known.</summary>
    LoggedIn = 1,

    /// <summary>The client is who it says, and asked to act as somebody else (RFC 4422 §2): nobody may.</summary>
    NotAnotherUser = 2,

    /// <summary>Nothing was checked, because too many attempts wait, or the issuer of the token cannot be reached: a transient failure.</summary>
    TryLater = 3,

    /// <summary>The client is who it says, and its account is suspended.</summary>
    Suspended = 4,

    /// <summary>The client is who it says, and its tenant has as many sessions here as it may: a transient failure.</summary>
    TooManySessions = 5,

    /// <summary>The password is the account's, which has a second factor: here an app password is needed.</summary>
    NeedsAppPassword = 6,
}

/// <param name="Verdict">How it ended.</param>
/// <param name="Account">The account of the name; of no name that is none.</param>
/// <param name="Session">Of a client that is logged in: who takes it ends it.</param>
internal readonly record struct LoginOutcome(LoginVerdict Verdict, AccountId Account, AccountSession? Session = null)
{
    /// <summary>For the log: what is no account's name may be a password in the wrong field.</summary>
    public string TriedAccount => Account.Value ?? "(no account)";
}

/// <summary>One attempt to log in, by a password, by a token or by a SASL exchange, whatever the protocol around it.</summary>
/// <param name="client">The client's own address, not that of a proxy: failures are counted by it.</param>
/// <param name="protocol">The protocol around it: an app password may open one and not another.</param>
internal sealed class LoginAttempt(
    IGrainFactory grains, GrainCalls calls, Standings standings, PasswordCheck passwords, SaslMechanisms mechanisms, AccountTokens tokens, LoginHistory logins,
    IPAddress client, LoginProtocols protocol)
{
    private readonly AccountLookup lookup = new(grains, calls, standings, protocol);

    /// <summary>As <see cref="LoginKind.Means"/>.</summary>
    private string means = "password";

    /// <summary>IMAP's LOGIN and POP3's PASS.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<LoginOutcome> CheckPasswordAsync(string username, string password, CancellationToken cancellationToken)
    {
        var verdict = await passwords.CheckAsync(username, password, client, lookup.FindAsync, cancellationToken).ConfigureAwait(false);
        var outcome = verdict.Answer switch
        {
            LoginAnswer.Right => await FinishAsync("", verdict.Rehash, verdict.AppPassword, cancellationToken).ConfigureAwait(false),
            LoginAnswer.TryLater => Ended(LoginVerdict.TryLater),
            LoginAnswer.Incomplete => Ended(LoginVerdict.NeedsAppPassword),
            _ => Ended(LoginVerdict.Refused),
        };
        return Noted(outcome, verdict.AppPassword);
    }

    /// <summary>Starts a SASL exchange; null when the mechanism is not offered.</summary>
    public SaslExchange? StartExchange(string mechanism, ChannelBindings bindings, bool passwordsAllowed)
    {
        means = mechanism.ToUpperInvariant();
        return SaslMechanisms.Offered(bindings, passwordsAllowed).Contains(means) ? mechanisms.Start(means, bindings, client, lookup.FindAsync, CheckTokenAsync) : null;
    }

    /// <summary>What follows from the last step of the exchange, which is neither a challenge nor malformed.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<LoginOutcome> FinishAsync(SaslStep step, CancellationToken cancellationToken) => step switch
    {
        SaslStep.Authenticated done => Noted(await FinishAsync(done.AuthorizationId, done.Rehash, done.AppPassword, cancellationToken).ConfigureAwait(false), done.AppPassword),
        SaslStep.TryLater => Noted(Ended(LoginVerdict.TryLater), null),
        SaslStep.Incomplete => Noted(Ended(LoginVerdict.NeedsAppPassword), null),
        _ => Noted(Ended(LoginVerdict.Refused), null),
    };

    /// <summary>A SASL response as protocols write it, in base64 with its padding; false when it is not that.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> base64, out ReadOnlyMemory<byte> response)
    {
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        var isDone = Base64.DecodeFromUtf8(base64, octets, out var used, out var written) == OperationStatus.Done && used == base64.Length;
        response = octets.AsMemory(0, written);
        return isDone;
    }

    private async ValueTask<TokenVerdict> CheckTokenAsync(string username, string token, CancellationToken cancellationToken)
    {
        await lookup.FindAsync(username, cancellationToken).ConfigureAwait(false);
        return await tokens.CheckAsync(username, lookup.Record, token, calls.NewPatience(), cancellationToken).ConfigureAwait(false);
    }

    private LoginOutcome Noted(LoginOutcome outcome, AppPasswordMatch? appPassword)
    {
        var result = outcome.Verdict switch
        {
            LoginVerdict.LoggedIn => LoginResult.Ok,
            LoginVerdict.Suspended => LoginResult.Suspended,
            LoginVerdict.NeedsAppPassword => LoginResult.Incomplete,
            LoginVerdict.TryLater or LoginVerdict.TooManySessions => LoginResult.Limited,
            _ => LoginResult.Wrong,
        };
        logins.Note(lookup.Record, new(protocol, ClientNetwork.NameOf(client), means, appPassword?.Name, result));
        return outcome;
    }

    private LoginOutcome Ended(LoginVerdict verdict) => new(verdict, lookup.Account ?? default);

    private async ValueTask<LoginOutcome> FinishAsync(string authorizationId, VerifierChange? rehash, AppPasswordMatch? appPassword, CancellationToken cancellationToken)
    {
        if (!lookup.IsSelf(authorizationId) || lookup.Account is not { } account)
        {
            return Ended(LoginVerdict.NotAnotherUser);
        }

        await lookup.ReplaceAsync(rehash, cancellationToken).ConfigureAwait(false);
        var admission = await lookup.EnterAsync(appPassword, cancellationToken).ConfigureAwait(false);
        return admission.Refusal switch
        {
            AdmissionRefusal.None => new(LoginVerdict.LoggedIn, account, admission.Session),
            AdmissionRefusal.Revoked => Ended(LoginVerdict.Refused),
            AdmissionRefusal.TooManySessions => Ended(LoginVerdict.TooManySessions),
            _ => Ended(LoginVerdict.Suspended),
        };
    }
}
