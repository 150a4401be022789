using System.Text;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>Charsets by their MIME names: those of .NET and the code pages.</summary>
internal static class Charsets
{
    public static bool TryFind(string name, out Encoding charset)
    {
        try
        {
            charset = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
            return true;
        }
        catch (ArgumentException)
        {
            charset = Encoding.UTF8;
            return false;
        }
    }
}
