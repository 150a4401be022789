using System.Text;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>The fields of a header section in their order. Lines that are no field are passed over.</summary>
internal sealed class HeaderSection
{
    public static readonly HeaderSection Empty = new([]);

    private HeaderSection(IReadOnlyList<HeaderField> fields) => Fields = fields;

    public IReadOnlyList<HeaderField> Fields { get; }

    public static HeaderSection Parse(ReadOnlyMemory<byte> section)
    {
        var fields = new List<HeaderField>();
        while (!section.IsEmpty)
        {
            var length = FieldLength(section.Span);
            Add(fields, section[..length]);
            section = section[length..];
        }

        return new(fields);
    }

    /// <summary>The last of a name (RFC 8621 §4.1.3); null when there is none.</summary>
    public HeaderField? Last(string name) => Fields.LastOrDefault(field => field.Is(name));

    public IEnumerable<HeaderField> All(string name) => Fields.Where(field => field.Is(name));

    private static void Add(List<HeaderField> fields, ReadOnlyMemory<byte> field)
    {
        var colon = field.Span.IndexOf((byte)':');
        if (colon <= 0)
        {
            return;
        }

        var name = field.Span[..colon].TrimEnd(" \t"u8);
        if (name.Length > 0 && name.IndexOfAnyExceptInRange((byte)33, (byte)126) < 0)
        {
            var value = field[(colon + 1)..];
            fields.Add(new(Encoding.ASCII.GetString(name), value[..value.Span.TrimEnd("\r\n"u8).Length]));
        }
    }

    // Up to the first line end that no white space follows.
    private static int FieldLength(ReadOnlySpan<byte> section)
    {
        for (var at = 0; ;)
        {
            var lineEnd = section[at..].IndexOf((byte)'\n');
            if (lineEnd < 0)
            {
                return section.Length;
            }

            at += lineEnd + 1;
            if (at == section.Length || (section[at] != ' ' && section[at] != '\t'))
            {
                return at;
            }
        }
    }
}

/// <param name="Value">Octets after the colon, folded as they came, without the last line end.</param>
internal sealed record HeaderField(string Name, ReadOnlyMemory<byte> Value)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
