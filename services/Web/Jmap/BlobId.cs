using System.Diagnostics.CodeAnalysis;

namespace MailCloud.Web.Jmap;

internal enum BlobKind
{
    /// <summary>A whole message as IMAP shows it: <c>m</c> and the Email's id.</summary>
    Message = 0,

    /// <summary>A part of a message, decoded: <c>p</c>, the Email's id, a dash and the part's number in IMAP with underscores.</summary>
    Part = 1,

    /// <summary>What was uploaded: <c>u</c> and an id.</summary>
    Upload = 2,
}

/// <summary>What a blob id names (RFC 8620 §6). An id alone gives nobody anything: it is looked for in the mailbox of who asks.</summary>
/// <param name="Id">Of the Email, or of the upload.</param>
/// <param name="Part">As IMAP numbers it, <c>1.2</c>; of a part only.</param>
internal readonly record struct BlobId(BlobKind Kind, Guid Id, string? Part = null)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out BlobId id)
    {
        id = default;
        if (text is not { Length: >= 33 } || !Guid.TryParseExact(text.AsSpan(1, 32), "N", out var guid) || text.AsSpan(1, 32).ContainsAnyInRange('A', 'F'))
        {
            return false;
        }

        id = text[0] switch
        {
            'm' when text.Length == 33 => new(BlobKind.Message, guid),
            'u' when text.Length == 33 => new(BlobKind.Upload, guid),
            'p' when text.Length > 34 && text[33] == '-' && text[34..].All(c => char.IsAsciiDigit(c) || c == '_') => new(BlobKind.Part, guid, text[34..].Replace('_', '.')),
            _ => default,
        };
        return id.Id != default;
    }

    public override string ToString() => Kind switch
    {
        BlobKind.Message => $"m{Id:N}",
        BlobKind.Part => $"p{Id:N}-{Part!.Replace('.', '_')}",
        _ => $"u{Id:N}",
    };
}
