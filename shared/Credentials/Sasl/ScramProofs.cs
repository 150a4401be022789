using System.Net;
using MailCloud.Credentials.Guessing;

namespace MailCloud.Credentials.Sasl;

/// <summary>Where a SCRAM exchange gets its verifier from, and how its proof is checked: the client derives the key, so that a wrong proof costs nothing here and counts all the same.</summary>
internal sealed class ScramProofs(LoginGuard guard, CredentialsTelemetry telemetry, IPAddress client, VerifierLookup lookup)
{
    public ValueTask<FoundLogin> FindAsync(string username, CancellationToken cancellationToken) => lookup(username, cancellationToken);

    /// <summary>Lets the wait of the account and the client's network pass, then checks.</summary>
    /// <param name="login">What was found when the exchange began; if that has changed during the wait, the exchange has failed.</param>
    public async ValueTask<LoginAnswer> CheckAsync(string username, FoundLogin login, Func<bool> isProven, CancellationToken cancellationToken)
    {
        var attempt = guard.Begin(login, null, client);
        try
        {
            if (attempt.IsRefused)
            {
                return LoginAnswer.TryLater;
            }

            await guard.WaitAsync(attempt, cancellationToken).ConfigureAwait(false);
            var isRight = isProven();
            if (isRight && attempt.Wait > TimeSpan.Zero)
            {
                var now = await lookup(username, cancellationToken).ConfigureAwait(false);
                (isRight, login) = (now.Verifier == login.Verifier, now);
            }

            if (isRight && login.SecondFactor is not null)
            {
                // No code can come with a proof.
                attempt.GiveBack();
                telemetry.Answered("incomplete");
                return LoginAnswer.Incomplete;
            }

            if (isRight)
            {
                attempt.Succeeded();
            }

            telemetry.Answered(isRight ? "right" : "wrong");
            return isRight ? LoginAnswer.Right : LoginAnswer.Wrong;
        }
        finally
        {
            guard.Failed(attempt, login);
        }
    }
}
