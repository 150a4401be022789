using System.Text;

namespace MailCloud.Credentials.Sasl;

/// <summary>The saslname of RFC 5802 §5.1 and RFC 5801 §4.</summary>
internal static class SaslName
{
    /// <summary>"," is sent as =2C and "=" as =3D; any other "=" is an error, and so is NUL.</summary>
    public static bool TryUnescape(string saslname, out string text)
    {
        var result = new StringBuilder(saslname.Length);
        for (var i = 0; i < saslname.Length; i++)
        {
            if (saslname[i] != '=')
            {
                result.Append(saslname[i]);
                continue;
            }

            var escape = saslname.AsSpan(i, Math.Min(3, saslname.Length - i));
            if (!escape.SequenceEqual("=2C") && !escape.SequenceEqual("=3D"))
            {
                text = "";
                return false;
            }

            result.Append(escape[2] == 'C' ? ',' : '=');
            i += 2;
        }

        text = result.ToString();
        return !text.Contains('\0', StringComparison.Ordinal);
    }
}
