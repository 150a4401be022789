using System.Globalization;
using System.Text;

namespace MailCloud.AzureStorage;

/// <summary>
/// Our names as names of Azure blobs. Parts of them come from outside (an address that somebody wrote to), and a blob's name is a path of a URI: <c>..</c> would be resolved
/// and lead to another blob, of another tenant or another container. So leading dots of a segment, backslashes and control characters are written <c>%xx</c>, and so is the
/// percent sign. What a prefix becomes is a prefix of what the name becomes.
/// </summary>
public static class StoredName
{
    public static string Encode(string name)
    {
        if (!NeedsEncoding(name))
        {
            return name;
        }

        var encoded = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (MustEscape(name, i))
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{(int)name[i]:x2}");
            }
            else
            {
                encoded.Append(name[i]);
            }
        }

        return encoded.ToString();
    }

    public static string Decode(string stored) => stored.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(stored) : stored;

    private static bool NeedsEncoding(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (MustEscape(name, i))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MustEscape(string name, int i) =>
        name[i] is '%' or '\\' or < ' ' or '\x7f' || (name[i] == '.' && (i == 0 || name[i - 1] == '/'));
}
