using System.Text;
using MimeKit.Utils;

namespace MailCloud.Messages;

/// <summary>
/// Those fields of one header section that a summary is made of: names, and values unfolded (RFC 5322 §2.2.3) and trimmed, one char per octet. A part keeps them while
/// it is open, and a hundred may be.
/// </summary>
internal sealed class HeaderFields
{
    public static readonly HeaderFields Empty = new([]);

    private static readonly string[] Used =
    [
        "Date", "Subject", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "In-Reply-To", "Message-ID", "References",
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Description", "Content-MD5", "Content-Language", "Content-Location",
    ];

    /// <summary>Message ids kept for threading.</summary>
    private const int MaxThreadIds = 20;

    private readonly List<(string Name, string Value)> fields;

    private HeaderFields(List<(string Name, string Value)> fields) => this.fields = fields;

    /// <summary>The first field of this name, which is one of <see cref="Used"/>; null when there is none.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var field in fields)
            {
                if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return field.Value;
                }
            }

            return null;
        }
    }

    /// <summary>Reads a header section; lines that are no field, and fields that nobody asks for, are passed over.</summary>
    public static HeaderFields Parse(ReadOnlySpan<byte> section)
    {
        var fields = new List<(string, string)>();
        while (!section.IsEmpty)
        {
            var length = FieldLength(section);
            var field = section[..length];
            section = section[length..];
            var colon = field.IndexOf((byte)':');
            if (colon > 0 && FindUsed(field[..colon].TrimEnd(" \t"u8)) is { } name)
            {
                var value = Encoding.Latin1.GetString(field[(colon + 1)..]);
                fields.Add((
                    name,
                    value.Replace("\r\n", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim(' ', '\t', '\r')));
            }
        }

        return new(fields);
    }

    /// <summary>Where the first token of the first field of this name begins in a header section, comments before it passed over; -1 when there is none.</summary>
    public static int FindToken(ReadOnlySpan<byte> section, ReadOnlySpan<byte> name)
    {
        for (var start = 0; start < section.Length;)
        {
            var field = section.Slice(start, FieldLength(section[start..]));
            var colon = field.IndexOf((byte)':');
            if (colon > 0 && Ascii.EqualsIgnoreCase(field[..colon].TrimEnd(" \t"u8), name))
            {
                var token = SkipSpace(field, colon + 1);
                return token < field.Length ? start + token : -1;
            }

            start += field.Length;
        }

        return -1;
    }

    public EnvelopeFields ToEnvelope() => new()
    {
        Date = this["Date"],
        Subject = this["Subject"],
        From = Addresses("From"),
        Sender = Addresses("Sender"),
        ReplyTo = Addresses("Reply-To"),
        To = Addresses("To"),
        Cc = Addresses("Cc"),
        Bcc = Addresses("Bcc"),
        InReplyTo = this["In-Reply-To"],
        MessageId = this["Message-ID"],
        SentAt = this["Date"] is { } date && DateUtils.TryParse(date, out var sentAt) ? sentAt : null,
    };

    /// <summary>Ids of References and In-Reply-To without brackets, each once, the newest 20 in their order.</summary>
    public IReadOnlyList<string> ThreadIds()
    {
        var ids = new List<string>();
        foreach (var text in new[] { this["References"], this["In-Reply-To"] })
        {
            for (var at = 0; text is not null && (at = text.IndexOf('<', at)) >= 0;)
            {
                var close = text.IndexOf('>', at);
                if (close < 0)
                {
                    break;
                }

                var id = text[(at + 1)..close];
                at = close;
                if (id.Length is > 0 and <= 998)
                {
                    ids.Remove(id);
                    ids.Add(id);
                    if (ids.Count > MaxThreadIds)
                    {
                        ids.RemoveAt(0);
                    }
                }
            }
        }

        return ids;
    }

    private static string? FindUsed(ReadOnlySpan<byte> name)
    {
        foreach (var used in Used)
        {
            if (Ascii.EqualsIgnoreCase(name, used))
            {
                return used;
            }
        }

        return null;
    }

    private List<AddressField> Addresses(string name)
    {
        var addresses = new List<AddressField>();
        foreach (var field in fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                AddressListParser.Parse(field.Value, addresses);
            }
        }

        return addresses;
    }

    // Past white space and comments, which nest (RFC 5322 §3.2.2).
    private static int SkipSpace(ReadOnlySpan<byte> field, int at)
    {
        for (var depth = 0; at < field.Length; at++)
        {
            switch (field[at])
            {
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when depth > 0:
                    depth--;
                    break;
                case (byte)'\\' when depth > 0:
                    at++;
                    break;
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                    break;
                default:
                    if (depth == 0)
                    {
                        return at;
                    }

                    break;
            }
        }

        return field.Length;
    }

    /// <summary>Octets up to the first line end that is not followed by white space.</summary>
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
