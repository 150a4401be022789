using MailCloud.Credentials;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 4954, on submission.</summary>
internal static class Auth
{
    private static readonly SmtpReply Failed = new(535, "5.7.8", "authentication failed");

    // RFC 5248's registry has 525 with X.7.13: the client is not to ask for another password. Only who knows the password hears it.
    private static readonly SmtpReply Suspended = new(525, "5.7.13", "this account is suspended, ask your administrator");

    // RFC 4954 §6: weaker than policy permits for that user; Gmail says it in the same words. Only who knows the password hears it.
    private static readonly SmtpReply NeedsAppPassword = new(534, "5.7.9", "this account has a second factor, use an app password");

    private static readonly SmtpReply TooManySessions = new(454, "4.7.0", "your organisation has too many sessions, try again later");

    // RFC 4954 §6: too many attempts wait, or the directory is away.
    private static readonly SmtpReply TryLater = new(454, "4.7.0", "temporary authentication failure");

    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        var words = args.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!session.IsSubmission)
        {
            return new(502, "5.5.1", "authentication is for submission");
        }

        if (session.Account is not null)
        {
            return new(503, "5.5.1", "already authenticated");
        }

        if (words.Length is 0 or > 2)
        {
            return SmtpReply.Syntax("AUTH takes a mechanism and perhaps an initial response");
        }

        var mechanism = words[0].ToUpperInvariant();
        if (!SaslMechanisms.Offered(Bindings(session), session.IsPrivate).Contains(mechanism))
        {
            return SaslMechanisms.SendsSecret(mechanism)
                ? new(538, "5.7.11", "encryption required for this mechanism")
                : new(504, "5.5.4", "unknown mechanism");
        }

        return await ExchangeAsync(session, mechanism, words.ElementAtOrDefault(1), cancellationToken).ConfigureAwait(false);
    }

    internal static ChannelBindings Bindings(SmtpSession session) =>
        session.Tls is { } tls ? new(tls.ServerEndPoint, null) : ChannelBindings.None;

    private static async ValueTask<SmtpReply> ExchangeAsync(SmtpSession session, string mechanism, string? initial, CancellationToken cancellationToken)
    {
        AddressRecord? account = null;
        string? name = null;
        var since = 0L;
        var exchange = session.Services.Mechanisms.Start(mechanism, Bindings(session), session.Remote, LookUpAsync, CheckTokenAsync)!;
        if (!TryDecode(initial == "=" ? "" : initial, out var response))
        {
            return SmtpReply.Syntax("not base64");
        }

        try
        {
            while (true)
            {
                switch (await exchange.NextAsync(response, cancellationToken).ConfigureAwait(false))
                {
                    case SaslStep.Challenge challenge:
                        await session.AskAsync(new(334, null, Convert.ToBase64String(challenge.Octets.Span)), cancellationToken).ConfigureAwait(false);
                        var answer = await session.ReadAnswerAsync(cancellationToken).ConfigureAwait(false);
                        if (answer is null)
                        {
                            return new(500, "5.5.6", "line is too long");
                        }

                        if (answer == "*")
                        {
                            return new(501, "5.7.0", "authentication cancelled");
                        }

                        if (!TryDecode(answer, out response))
                        {
                            return SmtpReply.Syntax("not base64");
                        }

                        break;
                    case SaslStep.Authenticated done:
                        return await FinishAsync(session, mechanism, account, name, since, done, cancellationToken).ConfigureAwait(false);
                    case SaslStep.Malformed malformed:
                        return new(501, "5.5.2", malformed.Why);
                    case SaslStep.Downgraded:
                        // RFC 4954 §6: weaker than policy permits. Nothing was guessed, so it counts for nothing.
                        return new(534, "5.7.9", "this mechanism is too weak here, take SCRAM-SHA-256-PLUS");
                    case SaslStep.Incomplete:
                        Note(session, account, mechanism, null, LoginResult.Incomplete);
                        session.Services.Log.AuthenticationFailed(session.Id, session.Remote.ToString(), account?.Address.Key ?? "(no account)");
                        return NeedsAppPassword;
                    case SaslStep.TryLater:
                        Note(session, account, mechanism, null, LoginResult.Limited);
                        return TryLater;
                    default:
                        return Refuse(session, mechanism, account);
                }
            }
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException))
        {
            session.Services.Log.DirectoryAway(e);
            return TryLater;
        }

        async ValueTask<FoundLogin> LookUpAsync(string username, CancellationToken ct)
        {
            since = session.Services.Standings.Changes;
            account = await session.Services.Directory.FindAccountAsync(username, session.Patience, ct).ConfigureAwait(false);
            if (!EmailAddress.TryParse(username, out var address))
            {
                return new(username, null);
            }

            name = address.Key;

            // By the account's own address, whatever name it has come by: its failures count together.
            var key = account?.Address.Key ?? await session.Services.Standings.KeyOfUnknownAsync(address, session.Patience, ct).ConfigureAwait(false);
            return new(key, account?.Verifier)
            {
                AppPasswords = (digest, network, end) => FindAppPasswordAsync(key, digest, network, end),
                SecondFactor = account is { HasSecondFactor: true } ? SecondFactor.NotAskedFor : null,
            };
        }

        async ValueTask<AppPasswordMatch?> FindAppPasswordAsync(string key, string digest, string network, CancellationToken ct) =>
            await session.Services.Standings.UseAppPasswordAsync(account, key, digest, LoginProtocols.Smtp, network, session.Patience, ct).ConfigureAwait(false) is { } used
                ? new(used.Id, used.Name)
                : null;

        async ValueTask<TokenVerdict> CheckTokenAsync(string username, string token, CancellationToken ct)
        {
            await LookUpAsync(username, ct).ConfigureAwait(false);
            return await session.Services.Tokens.CheckAsync(username, account, token, session.Patience, ct).ConfigureAwait(false);
        }
    }

    private static async ValueTask<SmtpReply> FinishAsync(
        SmtpSession session, string mechanism, AddressRecord? account, string? name, long since, SaslStep.Authenticated done, CancellationToken cancellationToken)
    {
        // RFC 4616 §2: an account may act only as itself.
        if (account is null || (done.AuthorizationId.Length > 0 && !IsSame(done.AuthorizationId, account, name)))
        {
            return Refuse(session, mechanism, account, done.AppPassword);
        }

        var admission = await session.Services.Standings.EnterAsync(account, done.AppPassword?.Id, since, session.Patience, cancellationToken).ConfigureAwait(false);
        if (admission.Refusal == AdmissionRefusal.Revoked)
        {
            return Refuse(session, mechanism, account, done.AppPassword);
        }

        if (admission.Session is null)
        {
            Note(session, account, mechanism, done.AppPassword, admission.Refusal == AdmissionRefusal.Suspended ? LoginResult.Suspended : LoginResult.Limited);
            session.Services.Log.NotAdmitted(session.Id, account.Address.Key, admission.Refusal);
            return admission.Refusal == AdmissionRefusal.Suspended ? Suspended : TooManySessions;
        }

        session.LogIn(account, admission.Session);
        Note(session, account, mechanism, done.AppPassword, LoginResult.Ok);
        session.Services.Log.Authenticated(session.Id, account.Address.Key);
        if (done.Rehash is { } change)
        {
            try
            {
                await session.Services.Directory.ReplaceVerifierAsync(account.Address, change.Expected, change.Verifier, session.Patience, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The old verifier serves until the next login.
                session.Services.Log.DirectoryAway(e);
            }
        }

        return new(235, "2.7.0", "authenticated");
    }

    private static SmtpReply Refuse(SmtpSession session, string mechanism, AddressRecord? account, AppPasswordMatch? appPassword = null)
    {
        Note(session, account, mechanism, appPassword, LoginResult.Wrong);
        session.Services.Log.AuthenticationFailed(session.Id, session.Remote.ToString(), account?.Address.Key ?? "(no account)");
        return Failed;
    }

    private static void Note(SmtpSession session, AddressRecord? account, string mechanism, AppPasswordMatch? appPassword, LoginResult result) =>
        session.Services.Logins.Note(account, new(LoginProtocols.Smtp, ClientNetwork.NameOf(session.Remote), mechanism, appPassword?.Name, result));

    // Its own address, or the one that it logs in by.
    private static bool IsSame(string authorizationId, AddressRecord account, string? name) =>
        EmailAddress.TryParse(authorizationId, out var address) && (address.Key == account.Address.Key || address.Key == name);

    private static bool TryDecode(string? base64, out ReadOnlyMemory<byte>? octets)
    {
        octets = null;
        if (base64 is null)
        {
            return true;
        }

        var buffer = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, buffer, out var length))
        {
            return false;
        }

        octets = buffer.AsMemory(0, length);
        return true;
    }
}
