namespace MailCloud.Credentials.Sasl;

/// <summary>The client-first-message of RFC 5802 §7.</summary>
/// <param name="Gs2Header">As sent, both commas included.</param>
/// <param name="Flag">The channel binding flag: n, y or p.</param>
/// <param name="BindingName">After <c>p=</c>; else empty.</param>
/// <param name="Bare">client-first-message-bare, as sent.</param>
internal sealed record ScramClientFirst(string Gs2Header, char Flag, string BindingName, string AuthorizationId, string Bare, string Username, string Nonce)
{
    public static bool TryParse(string text, out ScramClientFirst message)
    {
        // gs2-cbind-flag "," [ authzid ] "," username "," nonce ["," extensions]; a reserved-mext ("m=") has no known meaning and is refused.
        message = null!;
        if (text.Split(',') is not [var flag, var authzid, ['n', '=', .. var name], ['r', '=', .. { Length: > 0 } nonce], ..]
            || !IsFlag(flag) || !IsNonce(nonce) || !SaslName.TryUnescape(name, out var username) || username.Length == 0)
        {
            return false;
        }

        var authorizationId = "";
        if (authzid.Length > 0 && (!authzid.StartsWith("a=", StringComparison.Ordinal) || !SaslName.TryUnescape(authzid[2..], out authorizationId)))
        {
            return false;
        }

        var headerLength = flag.Length + 1 + authzid.Length + 1;
        message = new(text[..headerLength], flag[0], flag.Length > 1 ? flag[2..] : "", authorizationId, text[headerLength..], username, nonce);
        return true;
    }

    private static bool IsFlag(string flag) =>
        flag is "n" or "y" || (flag.StartsWith("p=", StringComparison.Ordinal) && flag.Length > 2);

    // RFC 5802 §7: printable = %x21-2B / %x2D-7E
    private static bool IsNonce(string nonce) => nonce.All(c => c is >= '!' and <= '~');
}
