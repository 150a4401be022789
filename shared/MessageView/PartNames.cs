using System.Globalization;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>Names of files, from a part's header.</summary>
public static class PartNames
{
    // Chars: what file systems take.
    private const int MaxLength = 255;

    internal static AttachedPart Describe(NumberedPart part) => new(
        part.Id,
        Find(part.Part),
        $"{part.Part.Type}/{part.Part.Subtype}".ToLowerInvariant(),
        part.Part.Encoding.Equals("BASE64", StringComparison.OrdinalIgnoreCase) ? part.Part.BodyLength * 57 / 78 : part.Part.BodyLength,
        BodyParts.WithoutBrackets(part.Part.ContentId));

    /// <summary>The name that the header gives; null when it gives none that is left once it is made safe.</summary>
    public static string? Find(BodyPart part)
    {
        var name = Decode(part.DispositionParameters, "filename") ?? Decode(part.Parameters, "name");
        return name is null ? null : MakeSafe(name);
    }

    private static string? Decode(IReadOnlyList<string> parameters, string name)
    {
        var pieces = new SortedDictionary<int, (string Value, bool IsEncoded)>();
        for (var i = 0; i + 1 < parameters.Count; i += 2)
        {
            if (parameters[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                // Quoted encoded words are against RFC 2047 §5, and what many clients write.
                return HeaderDecoder.Decode(Encoding.Latin1.GetBytes(parameters[i + 1]));
            }

            if (parameters[i].StartsWith(name + "*", StringComparison.OrdinalIgnoreCase) && TryNumber(parameters[i].AsSpan(name.Length + 1), out var number, out var isEncoded))
            {
                pieces.TryAdd(number, (parameters[i + 1], isEncoded));
            }
        }

        return pieces.Count == 0 ? null : Join([.. pieces.Values]);
    }

    // RFC 2231 §3, §4: "name*" is the whole, encoded; "name*0", "name*1*" its pieces, the latter encoded.
    private static bool TryNumber(ReadOnlySpan<char> rest, out int number, out bool isEncoded)
    {
        number = 0;
        isEncoded = rest.IsEmpty || rest[^1] == '*';
        return rest.IsEmpty || int.TryParse(isEncoded ? rest[..^1] : rest, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static string Join(List<(string Value, bool IsEncoded)> pieces)
    {
        string? charset = null;
        if (pieces[0].IsEncoded && pieces[0].Value.Split('\'', 3) is [var label, _, var first])
        {
            charset = label;
            pieces[0] = (first, true);
        }

        var octets = new List<byte>();
        foreach (var (value, isEncoded) in pieces)
        {
            for (var i = 0; i < value.Length; i++)
            {
                if (isEncoded && value[i] == '%' && i + 2 < value.Length
                    && byte.TryParse(value.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                {
                    octets.Add(octet);
                    i += 2;
                }
                else
                {
                    octets.Add((byte)value[i]);
                }
            }
        }

        var bytes = octets.ToArray();
        return Charsets.Of(charset, bytes).GetString(bytes);
    }

    // Folders are the sender's business; marks of direction can make "exe.txt" of "txt.exe".
    private static string? MakeSafe(string name)
    {
        var bare = name[(Math.Max(name.LastIndexOf('/'), name.LastIndexOf('\\')) + 1)..];
        var kept = new StringBuilder();
        foreach (var rune in bare.EnumerateRunes())
        {
            if (!Rune.IsControl(rune) && Rune.GetUnicodeCategory(rune) is not UnicodeCategory.Format && kept.Length + rune.Utf16SequenceLength <= MaxLength)
            {
                kept.Append(rune.ToString());
            }
        }

        return kept.ToString().Trim() is { Length: > 0 } safe and not ("." or "..") ? safe : null;
    }
}
