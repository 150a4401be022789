using System.Net;
using System.Text;

namespace MailCloud.Credentials.Sasl;

/// <summary>PLAIN (RFC 4616).</summary>
internal sealed class PlainExchange(PasswordCheck passwords, IPAddress client, VerifierLookup lookup) : SaslExchange
{
    protected override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is not { } message)
        {
            return new SaslStep.Challenge(ReadOnlyMemory<byte>.Empty);
        }

        // RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
        if (!SaslText.TryDecode(message, out var text) || text.Split('\0') is not [var authzid, { Length: > 0 } authcid, { Length: > 0 } password])
        {
            return Malformed("a PLAIN message is authzid NUL authcid NUL password in UTF-8");
        }

        var verdict = await passwords.CheckAsync(authcid, password, client, lookup, cancellationToken).ConfigureAwait(false);
        return verdict.Answer switch
        {
            LoginAnswer.Right => new SaslStep.Authenticated(authcid, authzid, verdict.Rehash) { AppPassword = verdict.AppPassword },
            LoginAnswer.TryLater => new SaslStep.TryLater(),
            LoginAnswer.Incomplete => new SaslStep.Incomplete(),
            _ => new SaslStep.Failed(),
        };
    }
}

internal static class SaslText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>False when the octets are no UTF-8.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> octets, out string text)
    {
        try
        {
            text = Strict.GetString(octets.Span);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
