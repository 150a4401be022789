using System.Globalization;
using System.Text;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>Parses the data items of FETCH (RFC 3501 §9, fetch; RFC 3516 §6; RFC 8474 §7) and its modifiers (RFC 4466 §2.4, RFC 7162 §7).</summary>
internal static class FetchItemsParser
{
    /// <summary>More sections than any client asks for at once; each costs a read per message.</summary>
    private const int MaxSections = 64;

    private const FetchFields Fast = FetchFields.Flags | FetchFields.InternalDate | FetchFields.Size;

    public static FetchItems Parse(ref ImapReader reader)
    {
        var fields = FetchFields.None;
        var sections = new List<FetchedSection>();
        if (reader.TryTake((byte)'('))
        {
            do
            {
                Item(ref reader, ref fields, sections);
            }
            while (reader.TrySpace());
            reader.Expect((byte)')', "The list of data items is not closed");
        }
        else if (!TryMacro(ref reader, ref fields))
        {
            Item(ref reader, ref fields, sections);
        }

        return sections.Count <= MaxSections
            ? new(fields, sections)
            : throw new ImapSyntaxException($"More than {MaxSections} sections in one FETCH");
    }

    /// <summary>The modifiers behind the items; none when there is no list.</summary>
    public static FetchModifiers Modifiers(ref ImapReader reader)
    {
        var modifiers = default(FetchModifiers);
        if (!reader.TrySpace())
        {
            return modifiers;
        }

        reader.Expect((byte)'(', "Expected a list of modifiers");
        do
        {
            modifiers = reader.Atom().ToUpperInvariant() switch
            {
                "CHANGEDSINCE" when modifiers.ChangedSince is null => modifiers with { ChangedSince = ModSeq(ref reader) },
                "VANISHED" when !modifiers.Vanished => modifiers with { Vanished = true },
                _ => throw new ImapSyntaxException("Unknown FETCH modifier"),
            };
        }
        while (reader.TrySpace());
        reader.Expect((byte)')', "The list of modifiers is not closed");

        // RFC 7162 §3.2.6: VANISHED only together with CHANGEDSINCE.
        return !modifiers.Vanished || modifiers.ChangedSince is not null
            ? modifiers
            : throw new ImapSyntaxException("VANISHED needs CHANGEDSINCE");
    }

    private static long ModSeq(ref ImapReader reader)
    {
        reader.Space();
        return reader.ModSeq();
    }

    // Macros stand alone (RFC 3501 §6.4.5).
    private static bool TryMacro(ref ImapReader reader, ref FetchFields fields)
    {
        fields = reader switch
        {
            _ when reader.TryWord("ALL"u8) => Fast | FetchFields.Envelope,
            _ when reader.TryWord("FAST"u8) => Fast,
            _ when reader.TryWord("FULL"u8) => Fast | FetchFields.Envelope | FetchFields.Body,
            _ => FetchFields.None,
        };
        return fields != FetchFields.None;
    }

    private static void Item(ref ImapReader reader, ref FetchFields fields, List<FetchedSection> sections)
    {
        // The name ends before "[": BODY[ is read apart.
        var name = reader.FetchName().ToUpperInvariant();
        switch (name)
        {
            case "UID": fields |= FetchFields.Uid; break;
            case "FLAGS": fields |= FetchFields.Flags; break;
            case "INTERNALDATE": fields |= FetchFields.InternalDate; break;
            case "RFC822.SIZE": fields |= FetchFields.Size; break;
            case "ENVELOPE": fields |= FetchFields.Envelope; break;
            case "BODYSTRUCTURE": fields |= FetchFields.BodyStructure; break;
            case "RFC822": sections.Add(new(BodySection.Whole, null, false, name)); break;
            case "RFC822.HEADER": sections.Add(new(BodySection.WholeHeader, null, true, name)); break;
            case "RFC822.TEXT": sections.Add(new(BodySection.WholeText, null, false, name)); break;
            case "BODY" when reader.Peek != '[': fields |= FetchFields.Body; break;
            case "BODY": sections.Add(Section(ref reader, peek: false)); break;
            case "BODY.PEEK": sections.Add(Section(ref reader, peek: true)); break;
            case "BINARY": sections.Add(Binary(ref reader, "BINARY", peek: false)); break;
            case "BINARY.PEEK": sections.Add(Binary(ref reader, "BINARY", peek: true)); break;
            case "BINARY.SIZE": sections.Add(Binary(ref reader, name, peek: true) with { Form = SectionForm.DecodedSize }); break;
            case "EMAILID": fields |= FetchFields.EmailId; break;
            case "THREADID": fields |= FetchFields.ThreadId; break;
            case "MODSEQ": fields |= FetchFields.ModSeq; break;
            default: throw new ImapSyntaxException("Unknown FETCH data item");
        }
    }

    private static FetchedSection Section(ref ImapReader reader, bool peek)
    {
        reader.Expect((byte)'[', "Expected a section");
        var section = SectionSpec(ref reader);
        reader.Expect((byte)']', "The section is not closed");
        var partial = Partial(ref reader);

        // RFC 3501 §7.4.2: the response repeats the section; of a partial fetch only the offset.
        return new(section, partial, peek, Named($"BODY[{Write(section)}]", partial));
    }

    // section-binary = "[" [section-part] "]" (RFC 3516 §6); a partial range of BINARY.SIZE would mean nothing.
    private static FetchedSection Binary(ref ImapReader reader, string name, bool peek)
    {
        reader.Expect((byte)'[', "Expected a section");
        var path = new List<int>();
        if (reader.Peek != ']')
        {
            do
            {
                path.Add((int)Math.Min(reader.NonZeroNumber(), int.MaxValue));
            }
            while (reader.TryTake((byte)'.'));
        }

        reader.Expect((byte)']', "The section is not closed");
        var partial = name == "BINARY" ? Partial(ref reader) : null;
        var section = new BodySection(path, SectionText.All, []);
        return new(section, partial, peek, Named($"{name}[{Write(section)}]", partial)) { Form = SectionForm.Decoded };
    }

    private static string Named(string name, PartialRange? partial) =>
        partial is { } p ? string.Create(CultureInfo.InvariantCulture, $"{name}<{p.Offset}>") : name;

    private static BodySection SectionSpec(ref ImapReader reader)
    {
        var path = new List<int>();
        while (char.IsAsciiDigit((char)reader.Peek))
        {
            path.Add((int)Math.Min(reader.NonZeroNumber(), int.MaxValue));
            if (!reader.TryTake((byte)'.'))
            {
                return new(path, SectionText.All, []);
            }
        }

        if (reader.Peek == ']' && path.Count == 0)
        {
            return BodySection.Whole;
        }

        // The longer words first: they begin alike.
        return reader switch
        {
            _ when reader.TryWord("HEADER.FIELDS.NOT"u8) => new(path, SectionText.HeaderFieldsNot, FieldNames(ref reader)),
            _ when reader.TryWord("HEADER.FIELDS"u8) => new(path, SectionText.HeaderFields, FieldNames(ref reader)),
            _ when reader.TryWord("HEADER"u8) => new(path, SectionText.Header, []),
            _ when reader.TryWord("TEXT"u8) => new(path, SectionText.Text, []),

            // RFC 3501 §6.4.5: MIME must be prefixed by part numbers.
            _ when path.Count > 0 && reader.TryWord("MIME"u8) => new(path, SectionText.Mime, []),
            _ => throw new ImapSyntaxException("Unknown section"),
        };
    }

    private static List<string> FieldNames(ref ImapReader reader)
    {
        var names = new List<string>();
        reader.Space();
        reader.Expect((byte)'(', "Expected a list of header fields");
        do
        {
            names.Add(reader.FieldName());
        }
        while (reader.TrySpace());
        reader.Expect((byte)')', "The list of header fields is not closed");
        return names;
    }

    private static PartialRange? Partial(ref ImapReader reader)
    {
        if (!reader.TryTake((byte)'<'))
        {
            return null;
        }

        var offset = reader.Number();
        reader.Expect((byte)'.', "Malformed partial range");
        var count = reader.NonZeroNumber();
        reader.Expect((byte)'>', "Malformed partial range");
        return new(offset, count);
    }

    private static string Write(BodySection section)
    {
        var text = new StringBuilder(string.Join('.', section.Path));
        if (section.Text != SectionText.All && text.Length > 0)
        {
            text.Append('.');
        }

        text.Append(section.Text switch
        {
            SectionText.All => "",
            SectionText.HeaderFields => "HEADER.FIELDS",
            SectionText.HeaderFieldsNot => "HEADER.FIELDS.NOT",
            SectionText.Header => "HEADER",
            SectionText.Text => "TEXT",
            _ => "MIME",
        });
        return section.SelectsFields ? text.Append(" (").AppendJoin(' ', section.Fields.Select(AString)).Append(')').ToString() : text.ToString();
    }

    // A name that is no atom goes back as a quoted string.
    private static string AString(string name) => name.Length > 0 && name.All(c => c < 128 && ImapChars.AString.Contains((byte)c))
        ? name
        : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
