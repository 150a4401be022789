using System.Net;

namespace MailCloud.Credentials.Sasl;

/// <summary>LOGIN (draft-murchison-sasl-login): never standardised, but all that some devices speak. An initial response is taken as the user name.</summary>
internal sealed class LoginExchange(PasswordCheck passwords, IPAddress client, VerifierLookup lookup) : SaslExchange
{
    private bool asked;
    private string? username;

    protected override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is not { } message)
        {
            if (asked)
            {
                return Malformed("a response is missing");
            }

            asked = true;
            return new SaslStep.Challenge("Username:"u8.ToArray());
        }

        if (!SaslText.TryDecode(message, out var text) || text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            return Malformed("a LOGIN response is a user name or a password in UTF-8");
        }

        if (username is null)
        {
            asked = true;
            username = text;
            return new SaslStep.Challenge("Password:"u8.ToArray());
        }

        var verdict = await passwords.CheckAsync(username, text, client, lookup, cancellationToken).ConfigureAwait(false);
        return verdict.Answer switch
        {
            LoginAnswer.Right => new SaslStep.Authenticated(username, "", verdict.Rehash) { AppPassword = verdict.AppPassword },
            LoginAnswer.TryLater => new SaslStep.TryLater(),
            LoginAnswer.Incomplete => new SaslStep.Incomplete(),
            _ => new SaslStep.Failed(),
        };
    }
}
