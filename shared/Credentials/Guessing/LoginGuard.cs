using System.Net;
using Microsoft.Extensions.Logging;

namespace MailCloud.Credentials.Guessing;

/// <summary>What stands between a client and the check of what it knows: <see cref="GuessLimits"/> and <see cref="DerivationQueue"/>, with their log and metrics.</summary>
internal sealed class LoginGuard(GuessLimits limits, DerivationQueue derivations, CredentialsTelemetry telemetry, TimeProvider time, ILogger<LoginGuard> log)
{
    /// <inheritdoc cref="GuessLimits.Begin"/>
    public GuessAttempt Begin(FoundLogin login, string? password, IPAddress client)
    {
        var attempt = limits.Begin(login, password, client);
        if (attempt.IsRefused)
        {
            telemetry.Refused("line");
        }

        return attempt;
    }

    /// <summary>Lets the attempt's wait pass: a timer, without a thread and without work.</summary>
    public async ValueTask WaitAsync(GuessAttempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Wait > TimeSpan.Zero)
        {
            var passed = Task.Delay(attempt.Wait, time, cancellationToken);
            telemetry.Delayed(attempt.Wait);
            await passed.ConfigureAwait(false);
        }
    }

    /// <summary>A turn to derive a key; null, and the attempt is none, when too many wait for theirs.</summary>
    public async ValueTask<IDisposable?> EnterDerivationAsync(GuessAttempt attempt, CancellationToken cancellationToken)
    {
        var turn = await derivations.EnterAsync(attempt.Network, attempt.IsTrusted, cancellationToken).ConfigureAwait(false);
        if (turn is null)
        {
            telemetry.Refused("derivations");
            attempt.GiveBack();
            return null;
        }

        telemetry.Derived();
        return turn;
    }

    /// <summary>Ends an attempt that has failed, or whose client has left.</summary>
    public void Failed(GuessAttempt attempt, FoundLogin login)
    {
        var slowed = attempt.Failed();
        if (slowed.HasFlag(Slowed.Account))
        {
            // What is no account's name may be a password in the wrong field.
            log.AccountSlowed(login.Verifier is null ? "(no account)" : login.Name);
        }

        if (slowed.HasFlag(Slowed.Network))
        {
            log.NetworkSlowed(attempt.Network.ToString());
        }
    }
}
