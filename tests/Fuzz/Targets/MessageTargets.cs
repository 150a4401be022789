using System.Text;
using MailCloud.Messages;
using MimeKit;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>The parsers of MailCloud.Messages.</summary>
internal static class MessageTargets
{
    private static readonly string[] HeaderTokens =
    [
        "=?utf-8?Q?", "=?utf-8?B?", "?=", "=?gb2312?B?", "=?iso-2022-jp?B?", "=?us-ascii*en?q?", "=?hz?B?", "=?x-unknown?q?", "=?utf-16?B?", "=?big5?Q?", "=?euc-kr?B?", "=?iso-2022-kr?B?", "=?gb18030?Q?",
        "=C3=A9", "_", "w6k=", "\r\n ", "\r\n\t", "\u001b$B", "\u001b(B", "~{", "~}",
    ];

    private static readonly string[] AddressTokens = ["<", ">", "@", ",", ";", ":", "(", ")", "\"", "\\", "bob@example.test", "undisclosed-recipients:;", "<@a,@b:c@d>", "(comment)", "\r\n "];

    private static readonly string[] MimeTokens =
    [
        "\r\n--b\r\n", "\r\n--b--\r\n", "--b", "--", "\n--b\n", "\r\n\r\n", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: multipart/digest; boundary=\"c\"\r\n", "--c\r\n",
        "Content-Type: message/rfc822\r\n", "Content-Type: text/html; charset=gbk\r\n", "Content-Transfer-Encoding: binary\r\n", "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n", "Content-Disposition: attachment; filename*0=\"a\"\r\n", "Content-Transfer-Encoding: (c) BINARY (d)\r\n", "<style>", "</style>", "<!--", "-->", "&amp;",
        "From: a@b\r\n", "To: g:a@b,c@d;\r\n", "References: <a@b> <c@d>\r\n", "Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n", "Subject: s\r\n", "\0",
    ];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("mime", Mime) { MaxLength = 1024, AllocationPerOctet = 1500, Tokens = MimeTokens, Seeds = Mail },
        new("shown-body", ShownBodies) { MaxLength = 512, AllocationPerOctet = 1500, Tokens = MimeTokens, Seeds = Mail },
        new("header-decoder", HeaderText) { MaxLength = 256, GrownLength = 1024 * 1024, Tokens = HeaderTokens, Seeds = s => [.. Seeds.Of("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?B?w6k=?=", " a\r\n b"), .. s.HeaderValues] },
        new("address-list", Addresses)
        {
            MaxLength = 256,
            Tokens = AddressTokens,
            Seeds = s => [.. Seeds.Of("Bob <bob@example.test>, \"A, B\" <a@b>, g: c@d, e@f;", "bob@example.test (Bob)", "<@a,@b:c@d>", "\"q\\\"\"@x"), .. s.HeaderValues],
        },
        new("header-fields", Fields) { MaxLength = 384, Tokens = ["From:", "To: ", "Date: ", "References: <a@b>\r\n", "Content-Transfer-Encoding : (c(d)) binary\r\n", "\r\n ", "\r\n\r\n", .. AddressTokens], Seeds = Mail },
        new("content-type", ContentTypes)
        {
            MaxLength = 192,
            Tokens = ["multipart/mixed", "; boundary=", "; charset=", "\"", "\\\"", "(c)", ";;", "*0*=", "=", "/"],
            Seeds = s => [.. Seeds.Of("text/plain; charset=utf-8", "multipart/mixed; boundary=\"a b\"", "attachment; filename*=utf-8''a"), .. s.HeaderValues],
        },
        new("charset", CharsetNames)
        {
            MaxLength = 96,
            Tokens = ["utf-8", "gb2312", "hz", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "big5", "euc-jp", "x-", "cp", "utf-7", "utf-16", "utf-32", "x-iscii-de", "x-europa", "ibm037", "50220", "koi8-r", "\u001b$B", "~{"],
            Seeds = _ => Seeds.Of("utf-8\0é", "iso-2022-jp\0\u001b$B", "hz\0~{VPND~}", "gbk\0é", "utf-32\0aaaa", "x-mac-japanese\0a", "iso-2022-kr\0\u001b$)C"),
        },
        new("email-address", EmailAddresses)
        {
            MaxLength = 128,
            Tokens = ["@", "\"", "\\\"", "\\\\", ".", "..", "[IPv6:::1]", "[192.0.2.1]", "xn--", "xn--bcher-kva.example", "bücher.example", "+detail", "ß", "İ", "\u200d", "\u3002"],
            Seeds = _ => Seeds.Of("bob@example.test", "\"a b\"@example.test", "\"a\\\"b\"@x", "jörg@bücher.example", "a+b@[192.0.2.1]", "名@例子.测试"),
        },
    ];

    public static IEnumerable<byte[]> Mail(Seeds seeds) =>
    [
        .. Seeds.Of(
            "Subject: a\r\n\r\nb\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--b--\r\nafter\r\n",
            "Content-Type: multipart/digest; boundary=c\r\n\r\n--c\r\n\r\nFrom: a@b\r\n\r\nx\r\n--c\r\n\r\nFrom: c@d\r\n\r\ny\r\n--c--\r\n",
            "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx",
            "Content-Transfer-Encoding: binary\r\n\r\na\0b\rc",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: BINARY\r\nContent-Type: application/x\r\n\r\n\u0001\0\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n--b--",
            "From: a@b\r\nTo: g: c@d, e@f;\r\nReferences: <1@a> <2@b>\r\nContent-Type: text/plain; charset=gbk\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=D6=D0"),
        .. seeds.Mail,
    ];

    private static void Mime(ReadOnlyMemory<byte> input)
    {
        var whole = new MimeScanner();
        whole.Feed(input.Span);
        var summary = whole.Finish();
        var cut = new MimeScanner();
        var dice = Pieces.DiceOf(input.Span);
        for (var rest = input.Span; !rest.IsEmpty;)
        {
            var size = 1 + dice.Below(Math.Min(rest.Length, 100));
            cut.Feed(rest[..size]);
            rest = rest[size..];
        }

        ThrowIf(!Same(summary, cut.Finish()), "the summary does not depend on how the message comes");
        ThrowIf(summary.Preview.Length > 200 || summary.Preview.Any(char.IsControl), "the preview is short and has no controls");
        var root = summary.Structure;
        ThrowIf(root.HeaderOffset != 0 || root.BodyOffset + root.BodyLength != input.Length, "the root is the whole message");
        ThrowIf(summary.Header is { } header && !header.AsSpan().SequenceEqual(input.Span[..(int)root.BodyOffset]), "the header is what stands before the body");
        CheckPart(root, input.Span, 0, input.Length, 0);
        ThrowIf((summary.ShownLength is not null) != HasBinary(root), "a binary part has a length as shown");
    }

    private static void CheckPart(BodyPart part, ReadOnlySpan<byte> message, long from, long end, int depth)
    {
        ThrowIf(part.HeaderOffset < from || part.BodyOffset < part.HeaderOffset || part.BodyLength < 0 || part.BodyOffset + part.BodyLength > end, "a part lies within its parent, its body after its header");
        ThrowIf(depth > MimeScanner.MaxDepth, "parts are no deeper than allowed");
        ThrowIf(part.Type.Length == 0 || part.Subtype.Length == 0 || part.Encoding.Length == 0 || part.Parameters.Count % 2 != 0 || part.DispositionParameters.Count % 2 != 0, "a part has a type, an encoding and whole parameters");
        var body = message.Slice((int)part.BodyOffset, (int)part.BodyLength);
        if (part.Type.Equals("text", StringComparison.OrdinalIgnoreCase) || part.BinaryAt is not null || part.Envelope is not null)
        {
            ThrowIf(part.Lines != body.Count((byte)'\n'), "lines are counted by their ends");
        }

        if (part.BinaryAt is { } word)
        {
            ThrowIf(word < part.HeaderOffset || word + 6 > part.BodyOffset || !Ascii.EqualsIgnoreCase(message.Slice((int)word, 6), "binary"u8), "the word binary stands in the part's header");
            ThrowIf(part.Parts.Count > 0, "a binary part is a leaf");
        }

        ThrowIf((part.Envelope is not null) && part.Parts.Count != 1, "an embedded message has one body");
        var at = part.BodyOffset;
        foreach (var child in part.Parts)
        {
            CheckPart(child, message, at, part.BodyOffset + part.BodyLength, depth + 1);
            at = child.BodyOffset + child.BodyLength;
        }
    }

    private static bool HasBinary(BodyPart part) => part.BinaryAt is not null || part.Parts.Any(HasBinary);

    private static bool Same(MessageSummary a, MessageSummary b) =>
        a.Preview == b.Preview && a.ShownLength == b.ShownLength && a.References.SequenceEqual(b.References) && Same(a.Envelope, b.Envelope) && Same(a.Structure, b.Structure)
        && (a.Header ?? []).AsSpan().SequenceEqual(b.Header ?? []);

    private static bool Same(EnvelopeFields a, EnvelopeFields b) =>
        a.Date == b.Date && a.Subject == b.Subject && a.InReplyTo == b.InReplyTo && a.MessageId == b.MessageId && a.SentAt == b.SentAt && a.From.SequenceEqual(b.From)
        && a.Sender.SequenceEqual(b.Sender) && a.ReplyTo.SequenceEqual(b.ReplyTo) && a.To.SequenceEqual(b.To) && a.Cc.SequenceEqual(b.Cc) && a.Bcc.SequenceEqual(b.Bcc);

    private static bool Same(BodyPart a, BodyPart b)
    {
        if (a.Type != b.Type || a.Subtype != b.Subtype || a.Encoding != b.Encoding || a.Lines != b.Lines || a.HeaderOffset != b.HeaderOffset || a.BodyOffset != b.BodyOffset || a.BodyLength != b.BodyLength
            || a.BinaryAt != b.BinaryAt || a.Disposition != b.Disposition || a.Parts.Count != b.Parts.Count || !a.Parameters.SequenceEqual(b.Parameters) || (a.Envelope is null) != (b.Envelope is null))
        {
            return false;
        }

        for (var i = 0; i < a.Parts.Count; i++)
        {
            if (!Same(a.Parts[i], b.Parts[i]))
            {
                return false;
            }
        }

        return a.Envelope is null || Same(a.Envelope, b.Envelope!);
    }

    private static void ShownBodies(ReadOnlyMemory<byte> input)
    {
        var scanner = new MimeScanner();
        scanner.Feed(input.Span);
        var summary = scanner.Finish();
        var layout = BodyLayout.Of(summary.Structure, input.Length);
        ThrowIf(layout.Length != summary.LengthShown(input.Length), "the summary says how long the body is as shown");
        if (layout.IsExact)
        {
            ThrowIf(layout.Length != input.Length, "what is shown as it stands keeps its length");
            return;
        }

        var shown = Shown(layout, input, 0, layout.Length);
        ThrowIf(shown.Length != layout.Length, "as many octets are shown as are said");
        ThrowIf(shown.AsSpan().Contains((byte)0) && !StandsElsewhere(summary.Structure, input.Span), "what is shown in base64 has no NUL");
        var dice = Pieces.DiceOf(input.Span);
        var from = dice.Below(shown.Length);
        var count = dice.Below(shown.Length - from + 1);
        ThrowIf(!Shown(layout, input, from, count).AsSpan().SequenceEqual(shown.AsSpan(from, count)), "a range is that of the whole");

        // The decoded parts are the stored ones.
        foreach (var (stored, described) in Leaves(summary.Structure).Zip(Leaves(layout.Describe(summary.Structure))))
        {
            if (stored.BinaryAt is not null)
            {
                var text = Encoding.Latin1.GetString(shown.AsSpan((int)layout.ToShown(stored.BodyOffset), (int)described.BodyLength));
                ThrowIf(!Convert.FromBase64String(text).AsSpan().SequenceEqual(input.Span.Slice((int)stored.BodyOffset, (int)stored.BodyLength)), "base64 gives back the stored body");
                ThrowIf(text.Split("\r\n").Any(line => line.Length > 76), "RFC 2045 §6.8: lines of at most 76");
                ThrowIf(described.Lines != text.Count(c => c == '\n'), "lines are counted as shown");
            }
        }
    }

    // Preambles, headers and parts that say nothing of binary are shown as they are.
    private static bool StandsElsewhere(BodyPart root, ReadOnlySpan<byte> message)
    {
        var rest = message.ToArray();
        foreach (var leaf in Leaves(root).Where(l => l.BinaryAt is not null))
        {
            rest.AsSpan((int)leaf.BodyOffset, (int)leaf.BodyLength).Fill((byte)'x');
        }

        return rest.AsSpan().Contains((byte)0);
    }

    private static IEnumerable<BodyPart> Leaves(BodyPart part) => part.Parts.Count == 0 ? [part] : part.Parts.SelectMany(Leaves);

    private static byte[] Shown(BodyLayout layout, ReadOnlyMemory<byte> stored, long offset, long length)
    {
        using var stream = AtOnce.Get(layout.OpenAsync(offset, length, (from, count, _) => ValueTask.FromResult<Stream>(new MemoryStream(stored.Slice((int)from, (int)count).ToArray())), default));
        var octets = new MemoryStream();
        var buffer = new byte[100];
        int read;
        while ((read = AtOnce.Get(stream.ReadAsync(buffer))) > 0)
        {
            octets.Write(buffer.AsSpan(0, read));
        }

        return octets.ToArray();
    }

    private static void HeaderText(ReadOnlyMemory<byte> input)
    {
        var text = HeaderDecoder.Decode(input.Span);
        var unfolded = Encoding.Latin1.GetString(input.Span).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        if (Ascii.IsValid(unfolded) && !unfolded.Contains("=?", StringComparison.Ordinal))
        {
            ThrowIf(text != unfolded, "plain text is unfolded and nothing else");
        }
    }

    private static void Addresses(ReadOnlyMemory<byte> input)
    {
        var value = Encoding.Latin1.GetString(input.Span);
        var addresses = new List<AddressField>();
        AddressListParser.Parse(value, addresses);
        var depth = 0;
        foreach (var address in addresses)
        {
            // RFC 3501 §7.4.2: a group begins with a name and no host and ends with four NILs.
            if (address.Host is null)
            {
                ThrowIf(address.Name is not null || address.Route is not null, "the marks of a group have nothing else");
                depth += address.Mailbox is null ? -1 : 1;
                ThrowIf(depth is not (0 or 1), "groups begin and end in turn");
            }
            else
            {
                ThrowIf(address.Mailbox is null, "a mailbox has a local part");
            }
        }

        ThrowIf(depth != 0, "a group that begins ends");
        if (Mailboxes.IsSimple(value) && InternetAddressList.TryParse(value, out var list) && list.Mailboxes.Count() == list.Count)
        {
            ThrowIf(!list.Mailboxes.Select(m => m.Address).SequenceEqual(addresses.Select(a => $"{a.Mailbox}@{a.Host}")), "plain addresses are what MimeKit reads");
        }
    }

    private static void Fields(ReadOnlyMemory<byte> input)
    {
        var fields = MailCloud.Messages.HeaderFields.Parse(input.Span);
        var envelope = fields.ToEnvelope();
        ThrowIf(envelope.Subject is { } subject && subject.Contains('\n', StringComparison.Ordinal), "values are unfolded");
        var ids = fields.ThreadIds();
        ThrowIf(ids.Count > 20 || ids.Distinct().Count() != ids.Count || ids.Any(id => id.Length == 0 || id.Contains('>', StringComparison.Ordinal)), "thread ids are few, each once");
        var token = MailCloud.Messages.HeaderFields.FindToken(input.Span, "Content-Transfer-Encoding"u8);
        ThrowIf(token >= input.Length || (token >= 0 && input.Span[token] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'), "a token stands in the section");
        ThrowIf(token >= 0 && fields["Content-Transfer-Encoding"] is null, "what has a token is a field");
    }

    private static void ContentTypes(ReadOnlyMemory<byte> input)
    {
        var value = Encoding.Latin1.GetString(input.Span);
        if (HeaderParameters.ParseContentType(value) is { } type)
        {
            ThrowIf(type.Type.Length == 0 || type.Subtype.Length == 0 || type.Parameters.Count % 2 != 0, "a type is whole");
            ThrowIf(type.Parameters.Count > 200, "parameters are few");
        }

        if (HeaderParameters.ParseDisposition(value) is { } disposition)
        {
            ThrowIf(disposition.Type.Length == 0 || disposition.Parameters.Count % 2 != 0, "a disposition is whole");
        }
    }

    // A name, NUL, and octets to read in that charset.
    private static void CharsetNames(ReadOnlyMemory<byte> input)
    {
        var end = input.Span.IndexOf((byte)0);
        var name = Encoding.Latin1.GetString(end < 0 ? input.Span : input.Span[..end]);
        var octets = end < 0 ? [] : input.Span[(end + 1)..];
        if (Charsets.TryFind(name, out var charset))
        {
            charset.GetString(octets);
        }

        Charsets.Of(name, octets, mayBeCut: true).GetString(octets);
        var guessed = Charsets.Guess(octets);
        ThrowIf(System.Text.Unicode.Utf8.IsValid(octets) && guessed.CodePage != Encoding.UTF8.CodePage, "UTF-8 is taken for UTF-8");
        guessed.GetString(octets);
    }

    private static void EmailAddresses(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        if (!EmailAddress.TryParse(text, out var address))
        {
            return;
        }

        ThrowIf(!EmailAddress.TryParse(address.ToString(), out var again) || again != address, "an address is read back as it was written");
        ThrowIf(address.Key != again.Key || address.Key.Length == 0, "an address has one key");
        ThrowIf(address.WithoutDetail.LocalPart.Length == 0, "an address without its detail has a local part");
        ThrowIf(address.ToString().AsSpan().ContainsAny('\r', '\n', '\0'), "an address is one line");
        _ = address.AsciiDomain;
    }
}

internal static class Mailboxes
{
    /// <summary>Lists of which nobody doubts what they mean: <c>local@domain</c> of letters, digits and dots, and commas.</summary>
    public static bool IsSimple(string list) =>
        list.Length > 0 && list.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '@' or ',')
        && list.Split(',').All(a => a.Split('@') is [{ Length: > 0 } local, { Length: > 0 } domain] && IsDotted(local) && IsDotted(domain));

    private static bool IsDotted(string text) => text[0] != '.' && text[^1] != '.' && !text.Contains("..", StringComparison.Ordinal);
}
