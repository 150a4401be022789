using System.Text;

namespace MailCloud.MailboxAccess.Pop3.Commands.Any;

/// <summary>LANG (RFC 6856 §3): the language of the text for people in replies.</summary>
internal static class Lang
{
    private static readonly (string Tag, string Name, string AsciiName, Pop3Language Language)[] Known =
    [
        ("en", "English", "English", Pop3Language.English),
        ("zh-CN", "\u7b80\u4f53\u4e2d\u6587", "Simplified Chinese", Pop3Language.SimplifiedChinese),
    ];

    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var reader = new Pop3Arguments(arguments.Span);
        if (reader.AtEnd)
        {
            // Who has not asked for UTF-8 is not given any.
            return new(Pop3Reply.Ok(Pop3Text.List) with { Lines = Known.Select(known => $"{known.Tag} {(session.IsUtf8 ? known.Name : known.AsciiName)}") });
        }

        var range = Encoding.Latin1.GetString(reader.Word());
        reader.End();
        if (Find(range) is not { } found)
        {
            return new(Pop3Reply.Error(null, Pop3Text.UnknownLanguage));
        }

        session.Language = Known[found].Language;
        return new(Pop3Reply.Ok(Pop3Text.LanguageChanged, Known[found].Tag));
    }

    /// <summary>The language that a range of RFC 4647 §2.1 asks for, by index: the first that it matches (§3.3.1), or one that it narrows; "*" is the default.</summary>
    internal static int? Find(string range)
    {
        if (range == "*")
        {
            return 0;
        }

        var exact = Array.FindIndex(Known, known => IsWithin(known.Tag, range));
        var found = exact >= 0 ? exact : Array.FindIndex(Known, known => IsWithin(range, known.Tag));
        return found < 0 ? null : found;
    }

    private static bool IsWithin(string tag, string range) =>
        tag.StartsWith(range, StringComparison.OrdinalIgnoreCase) && (tag.Length == range.Length || tag[range.Length] == '-');
}
