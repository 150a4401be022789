namespace MailCloud.Credentials.Sasl;

/// <summary>Whom a client wants to be, and its token, which is empty when it has none and asks where to get one (RFC 7628 §4.3).</summary>
internal sealed record BearerMessage(string Username, string Token)
{
    private const char Separator = '\u0001';

    /// <summary>OAUTHBEARER: <c>n,a=user@example.com,^Ahost=h^Aport=993^Aauth=Bearer TOKEN^A^A</c> (RFC 7628 §3.1). Host and port are for schemes that sign them.</summary>
    public static bool TryParseOAuthBearer(string text, out BearerMessage message)
    {
        message = null!;

        // RFC 5801 §4: gs2-cb-flag "," [ "a=" saslname ] ","; no channel can be bound to (p=). Whose the token is must be said: the name says whose issuer is asked.
        return text.Split(Separator, 2) is [var header, var pairs]
            && header.Split(',') is ["n" or "y", ['a', '=', .. var name], ""]
            && SaslName.TryUnescape(name, out var username)
            && TryReadPairs(pairs, out var values)
            && TryMake(username, values, out message);
    }

    /// <summary>XOAUTH2: <c>user=user@example.com^Aauth=Bearer TOKEN^A^A</c>.</summary>
    public static bool TryParseXOAuth2(string text, out BearerMessage message)
    {
        message = null!;
        return TryReadPairs(text, out var values) && values.TryGetValue("user", out var username) && TryMake(username, values, out message);
    }

    /// <summary>Without the token.</summary>
    public override string ToString() => Username;

    // *( key "=" value %x01 ) %x01
    private static bool TryReadPairs(string text, out Dictionary<string, string> values)
    {
        values = new(StringComparer.OrdinalIgnoreCase);
        if (text.Split(Separator) is not [.. var pairs, "", ""])
        {
            return false;
        }

        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !values.TryAdd(pair[..equals], pair[(equals + 1)..]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryMake(string username, Dictionary<string, string> values, out BearerMessage message)
    {
        message = null!;
        if (username.Length == 0 || !values.TryGetValue("auth", out var auth))
        {
            return false;
        }

        // RFC 6750 §2.1 and RFC 9110 §11.1: the scheme in any case.
        var words = auth.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 2 || (words.Length > 0 && !words[0].Equals("Bearer", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        message = new(username, words.Length == 2 ? words[1] : "");
        return true;
    }
}
