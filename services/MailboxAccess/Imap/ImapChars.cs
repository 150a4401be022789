using System.Buffers;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>The character classes of RFC 3501 §9.</summary>
internal static class ImapChars
{
    /// <summary>ATOM-CHAR: any CHAR except atom-specials.</summary>
    public static readonly SearchValues<byte> Atom = Visible(except: "(){%*\"\\]");

    /// <summary>ASTRING-CHAR = ATOM-CHAR / resp-specials.</summary>
    public static readonly SearchValues<byte> AString = Visible(except: "(){%*\"\\");

    public static readonly SearchValues<byte> FetchName = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789."u8);

    public static readonly SearchValues<byte> Tag = Visible(except: "(){%*\"\\+");

    /// <summary>list-char = ATOM-CHAR / list-wildcards / resp-specials.</summary>
    public static readonly SearchValues<byte> ListPattern = Visible(except: "(){\"\\");

    private static SearchValues<byte> Visible(string except) =>
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Where(c => !except.Contains((char)c, StringComparison.Ordinal)).Select(c => (byte)c)]);
}
