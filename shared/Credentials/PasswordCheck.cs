using System.Net;
using MailCloud.Credentials.Guessing;

namespace MailCloud.Credentials;

/// <summary>Looks up a login name in the directory.</summary>
public delegate ValueTask<FoundLogin> VerifierLookup(string username, CancellationToken cancellationToken);

/// <summary>What the directory says of a login name.</summary>
/// <param name="Name">One spelling for all ways to write the name, whether there is such an account or not: failures are counted by it.</param>
/// <param name="Verifier">Null when there is no such account or it may not log in.</param>
public readonly record struct FoundLogin(string Name, string? Verifier)
{
    /// <summary>Asked for any name that could be an account's, whether it is one or not: time would tell. Null: no app password opens it.</summary>
    public AppPasswordLookup? AppPasswords { get; init; }

    /// <summary>Null: the account's own password suffices.</summary>
    public SecondFactor? SecondFactor { get; init; }

    /// <summary>What is guessed by a password, and by a code where one came with it.</summary>
    internal string GuessOf(string password) => SecondFactor is { Code: { } code } ? $"{password}\n{code}" : password;
}

/// <summary>Checks a password that a client sent: IMAP's LOGIN, POP3's PASS, and the SASL mechanisms PLAIN and LOGIN.</summary>
public sealed class PasswordCheck
{
    private readonly VerifiedPasswords verified;
    private readonly LoginGuard guard;
    private readonly CredentialsTelemetry telemetry;

    internal PasswordCheck(VerifiedPasswords verified, LoginGuard guard, CredentialsTelemetry telemetry) =>
        (this.verified, this.guard, this.telemetry) = (verified, guard, telemetry);

    /// <summary>
    /// An unknown name and a wrong password give the same answer after the same time, which grows with the failures of the account and of the client's network.
    /// </summary>
    /// <param name="client">The client's own address, not that of a proxy.</param>
    public async ValueTask<PasswordVerdict> CheckAsync(string username, string password, IPAddress client, VerifierLookup lookup, CancellationToken cancellationToken)
    {
        var login = await lookup(username, cancellationToken).ConfigureAwait(false);
        var attempt = guard.Begin(login, login.GuessOf(password), client);
        try
        {
            // Before the wait only for who has none of its own: else a guesser would learn at once that a guess was right, and need not wait to know that it was wrong.
            if (attempt.OwnWait == TimeSpan.Zero && await FindKnownAsync(attempt, login, password, cancellationToken).ConfigureAwait(false) is { } known)
            {
                return known;
            }

            if (attempt.IsRefused)
            {
                return new(LoginAnswer.TryLater, null);
            }

            if (attempt.Wait > TimeSpan.Zero)
            {
                await guard.WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
                login = await lookup(username, cancellationToken).ConfigureAwait(false);
                if (await FindKnownAsync(attempt, login, password, cancellationToken).ConfigureAwait(false) is { } knownNow)
                {
                    return knownNow;
                }
            }

            return attempt.IsKnownWrong(login.Verifier) ? Wrong("repeated") : await DeriveAsync(attempt, login, password, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Whatever did not succeed. Who leaves before the answer has failed as well.
            guard.Failed(attempt, login);
        }
    }

    private async ValueTask<PasswordVerdict> DeriveAsync(GuessAttempt attempt, FoundLogin login, string password, CancellationToken cancellationToken)
    {
        using (var turn = await guard.EnterDerivationAsync(attempt, cancellationToken).ConfigureAwait(false))
        {
            if (turn is null)
            {
                return new(LoginAnswer.TryLater, null);
            }

            if (!Verifiers.Verify(password, login.Verifier))
            {
                return Wrong("wrong");
            }
        }

        verified.Add(login.Name, login.Verifier!, password);

        // A crypt password may hold what RFC 4013 prohibits: it then stays as it is.
        var replace = Verifiers.NeedsRehash(login.Verifier!) && Verifiers.WhyUnusable(password) is null;
        return await OwnAsync(attempt, login, "right", replace ? new(login.Verifier!, Verifiers.Create(password)) : null, cancellationToken).ConfigureAwait(false);
    }

    // The account's own password: only who has it hears that it needs something beside it.
    private async ValueTask<PasswordVerdict> OwnAsync(GuessAttempt attempt, FoundLogin login, string result, VerifierChange? rehash, CancellationToken cancellationToken)
    {
        if (login.SecondFactor is not { } second)
        {
            return Right(attempt, result, rehash);
        }

        if (second.Code is not { } code)
        {
            // Neither a guess nor a login: the network is not known by it, and a program that tries for days is not slowed.
            attempt.GiveBack();
            telemetry.Answered("incomplete");
            return new(LoginAnswer.Incomplete, null);
        }

        switch (await second.Check(code, cancellationToken).ConfigureAwait(false))
        {
            case CodeAnswer.Right:
                return Right(attempt, result, rehash);
            case CodeAnswer.TryLater:
                telemetry.Refused("codes");
                return new(LoginAnswer.TryLater, null);
            default:
                telemetry.Answered("code");
                return new(LoginAnswer.WrongCode, null);
        }
    }

    // What costs no derivation. An app password also when it was wrong a moment ago: for another protocol it may be right.
    private async ValueTask<PasswordVerdict?> FindKnownAsync(GuessAttempt attempt, FoundLogin login, string password, CancellationToken cancellationToken)
    {
        if (IsVerified(login, password))
        {
            return await OwnAsync(attempt, login, "cached", null, cancellationToken).ConfigureAwait(false);
        }

        return login.AppPasswords is { } find && AppPasswordSecret.DigestOf(password) is { } digest
            && await find(digest, ClientNetwork.NameOf(attempt.Network), cancellationToken).ConfigureAwait(false) is { } match
                ? Right(attempt, "app", null) with { AppPassword = match }
                : null;
    }

    private bool IsVerified(FoundLogin login, string password) => login.Verifier is { } verifier && verified.Contains(login.Name, verifier, password);

    private PasswordVerdict Right(GuessAttempt attempt, string result, VerifierChange? rehash)
    {
        attempt.Succeeded();
        telemetry.Answered(result);
        return new(LoginAnswer.Right, rehash);
    }

    private PasswordVerdict Wrong(string result)
    {
        telemetry.Answered(result);
        return new(LoginAnswer.Wrong, null);
    }
}

/// <summary>What is said to a client that wants to log in.</summary>
public enum LoginAnswer
{
    /// <summary>Wrong credentials, or nobody by this name.</summary>
    Wrong,

    /// <summary>The password is the account's, or one of its app passwords.</summary>
    Right,

    /// <summary>It was not checked: too many attempts wait. A transient failure (SMTP 454 4.7.0, IMAP NO [UNAVAILABLE], POP3 -ERR [SYS/TEMP]).</summary>
    TryLater,

    /// <summary>The account's own password, without the code that it needs beside it: where none is asked for, an app password is.</summary>
    Incomplete,

    /// <summary>The account's own password with a wrong code.</summary>
    WrongCode,
}

/// <param name="Rehash">The verifier to store in place of the present one; null when it can stay.</param>
public readonly record struct PasswordVerdict(LoginAnswer Answer, VerifierChange? Rehash)
{
    public bool IsRight => Answer == LoginAnswer.Right;

    /// <summary>The app password that it was; null: the account's own.</summary>
    public AppPasswordMatch? AppPassword { get; init; }
}

/// <summary>A verifier of an old form and the one to store instead, if the old one still stands then.</summary>
public sealed record VerifierChange(string Expected, string Verifier);
