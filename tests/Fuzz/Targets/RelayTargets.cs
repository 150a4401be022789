using System.Text;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Content;
using MimeKit.Encodings;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>What the relay makes of mail that others wrote, before it leaves.</summary>
internal static class RelayTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("downgrade", Downgrade)
        {
            MaxLength = 768,
            AllocationPerOctet = 6000,
            FixedAllocation = 4 * 1024 * 1024,
            Tokens =
            [
                "\r\n--b\r\n", "\r\n--b--\r\n", "--b", "\r\n\r\n", "\n", "\r", "\0", "\u00e9", "\u00ff", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: multipart/signed; boundary=b\r\n",
                "Content-Type: multipart/digest; boundary=c\r\n", "--c\r\n", "Content-Type: message/rfc822\r\n", "Content-Type: message/global\r\n", "Content-Type: text/html\r\n", "Content-Type: image/x\r\n",
                "Content-Transfer-Encoding: binary\r\n", "Content-Transfer-Encoding: 8bit\r\n", "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", "MIME-Version: 1.0\r\n",
                "Subject: \u00e9\r\n", "From: \u00e9 <a@b>, \"\u00e9\" (\u00e9) <c@d>\r\n", "Content-Disposition: attachment; filename=\"\u00e9\"\r\n", "=?utf-8?q?a?= ", "=3D", "=\r\n", new string('x', 200),
            ],
            Seeds = MessageTargets.Mail,
        },
    ];

    private static void Downgrade(ReadOnlyMemory<byte> input)
    {
        foreach (var allowed in (BodyType[])[BodyType.SevenBit, BodyType.EightBitMime, BodyType.BinaryMime])
        {
            var whole = Rewrite(input, allowed, int.MaxValue);
            var size = 1 + Pieces.DiceOf(input.Span).Below(100);
            var cut = Rewrite(input, allowed, size);
            ThrowIf(whole.Obstacle != cut.Obstacle || whole.Form != cut.Form || !whole.Octets.AsSpan().SequenceEqual(cut.Octets), "it leaves the same however it comes");
            if (whole.Obstacle is not null)
            {
                ThrowIf(whole.Obstacle.Length == 0, "a refusal says why");
                continue;
            }

            ThrowIf(whole.Form > allowed, "it leaves as something that is allowed");
            ThrowIf(!whole.IsChanged && !whole.Octets.AsSpan().SequenceEqual(input.Span), "what is said to be unchanged is");
            CheckLines(whole.Octets, whole.Form);
            CheckParts(input.Span, whole.Octets);
            CheckSubject(input.Span, whole.Octets);
            var again = Rewrite(whole.Octets, allowed, int.MaxValue);
            ThrowIf(again.Obstacle is not null || again.IsChanged, "what has been made to fit fits");
        }
    }

    private static (byte[] Octets, BodyType Form, bool IsChanged, string? Obstacle) Rewrite(ReadOnlyMemory<byte> message, BodyType allowed, int pieces)
    {
        var survey = new ContentSurvey(allowed);
        var sink = new OctetSink();
        Walk(survey, message.Span, pieces);
        if (survey.Obstacle is not null)
        {
            return ([], survey.Form, survey.IsChanged, survey.Obstacle);
        }

        Walk(new ContentRewriter(allowed, survey, sink), message.Span, pieces);
        var octets = new MemoryStream();
        var buffer = new byte[4096];
        for (int taken; (taken = sink.Take(buffer)) > 0;)
        {
            octets.Write(buffer.AsSpan(0, taken));
        }

        return (octets.ToArray(), survey.Form, survey.IsChanged, null);
    }

    private static void Walk(MimeWalk walk, ReadOnlySpan<byte> message, int pieces)
    {
        for (var (at, end, hasEnded) = (0, 0, false); !hasEnded;)
        {
            end = (int)Math.Min(message.Length, (long)end + pieces);
            hasEnded = end == message.Length;
            at += walk.Consume(message[at..end], hasEnded);
            ThrowIf(end - at > MimeWalk.MaxPiece + 1, "it leaves no more than a piece for later");
        }
    }

    private static void CheckLines(ReadOnlySpan<byte> octets, BodyType form)
    {
        if (form == BodyType.BinaryMime)
        {
            return;
        }

        ThrowIf(!octets.IsEmpty && !octets.EndsWith("\r\n"u8), "it ends with a line");
        ThrowIf(form == BodyType.SevenBit && !Ascii.IsValid(octets), "seven bits are seven bits");
        ThrowIf(octets.Contains((byte)0), "there is no NUL");
        foreach (var line in Encoding.Latin1.GetString(octets).Split("\r\n"))
        {
            ThrowIf(line.Length > 998, "lines have at most 998 octets");
            ThrowIf(line.AsSpan().ContainsAny('\r', '\n'), "only CRLF ends a line");
        }
    }

    // MailCloud's other reader of MIME, as the reference: it cuts at LF, so that where every line end becomes CRLF anyway it is given CRLF.
    private static void CheckParts(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var text = Encoding.Latin1.GetString(before);
        var hasBinary = text.Contains("binary", StringComparison.OrdinalIgnoreCase);
        if (hasBinary && text.Replace("\r\n", "", StringComparison.Ordinal).Contains('\r', StringComparison.Ordinal))
        {
            return;
        }

        // What is sent ends with a line end, whatever came.
        text = hasBinary ? text : WithCrLf(text);
        text += after.EndsWith("\r\n"u8) && !text.EndsWith('\n') ? "\r\n" : "";
        var structure = StructureOf(Encoding.Latin1.GetBytes(text));
        if (HoldsDelimiter(structure, [], text) || HasLongType(structure))
        {
            return;
        }

        var (stored, sent) = (Leaves(structure, Encoding.Latin1.GetBytes(text)), Leaves(StructureOf(after), after));
        ThrowIf(stored.Count != sent.Count, "there are as many parts as before");
        for (var i = 0; i < stored.Count; i++)
        {
            ThrowIf(stored[i] != sent[i], "decoded, a part is what it was");
        }
    }

    private static string WithCrLf(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Replace("\n", "\r\n", StringComparison.Ordinal);

    private static BodyPart StructureOf(ReadOnlySpan<byte> message)
    {
        var scanner = new MimeScanner();
        scanner.Feed(message);
        return scanner.Finish().Structure;
    }

    // A message/global is one part to the relay, which may encode it whole (RFC 6532 §3.7). So when a multipart in it has the boundary of one around it, which RFC 2046 §5.1.1 forbids, a delimiter is one's to
    // the scanner and the other's to the relay.
    private static bool HoldsDelimiter(BodyPart part, List<string> around, string text)
    {
        if (part.Type.Equals("message", StringComparison.OrdinalIgnoreCase) && part.Subtype.Equals("global", StringComparison.OrdinalIgnoreCase))
        {
            var body = string.Concat("\n", text.AsSpan((int)part.BodyOffset, (int)part.BodyLength));
            return around.Exists(boundary => body.Contains($"\n--{boundary}", StringComparison.Ordinal));
        }

        var own = part.Parameters.SkipWhile((word, i) => i % 2 > 0 || !word.Equals("boundary", StringComparison.OrdinalIgnoreCase)).ElementAtOrDefault(1)?.TrimEnd(' ');
        return part.Parts.Any(child => HoldsDelimiter(child, own is null ? around : [.. around, own], text));
    }

    // A line of a header has at most 998 octets (RFC 5322 §2.1.1), so a type that is longer is cut in two.
    private static bool HasLongType(BodyPart part) => part.Type.Length + part.Subtype.Length > 900 || part.Parts.Any(HasLongType);

    private static List<string> Leaves(BodyPart structure, ReadOnlySpan<byte> message)
    {
        var leaves = new List<string>();
        Add(structure, message, leaves);
        return leaves;
    }

    private static void Add(BodyPart part, ReadOnlySpan<byte> message, List<string> leaves)
    {
        var encoding = part.Encoding.ToLowerInvariant();
        var isMessage = part.Type.Equals("message", StringComparison.OrdinalIgnoreCase);
        var isWhole = isMessage && (encoding is "base64" or "quoted-printable" or "uuencode" || encoding.StartsWith("x-", StringComparison.Ordinal) || part.Subtype.Equals("global", StringComparison.OrdinalIgnoreCase));
        if (part.Parts.Count > 0 && !isWhole)
        {
            foreach (var child in part.Parts)
            {
                Add(child, message, leaves);
            }

            return;
        }

        // A multipart that has no part is text to the scanner, whatever its encoding says.
        var octets = message.Slice((int)part.BodyOffset, (int)part.BodyLength);
        var decoded = Encoding.Latin1.GetString(encoding switch
        {
            "base64" => Decode(new Base64Decoder(), octets),
            "quoted-printable" => Decode(new QuotedPrintableDecoder(), octets),
            _ => octets,
        });
        leaves.Add($"{part.Type}/{part.Subtype} {WithCrLf(decoded).TrimEnd('\r', '\n')}");
    }

    private static byte[] Decode(IMimeDecoder decoder, ReadOnlySpan<byte> octets)
    {
        var decoded = new byte[decoder.EstimateOutputLength(octets.Length)];
        return decoded[..decoder.Decode(octets.ToArray(), 0, octets.Length, decoded)];
    }

    private static void CheckSubject(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (SubjectOf(before) is { Length: < 900 } subject && !subject.Contains("=?", StringComparison.Ordinal) && System.Text.Unicode.Utf8.IsValid(Encoding.Latin1.GetBytes(subject)))
        {
            var sent = HeaderDecoder.Decode(Encoding.Latin1.GetBytes(SubjectOf(after) ?? ""));
            ThrowIf(sent.Trim() != Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(subject)).Trim(), "a subject says what it said");
        }
    }

    private static string? SubjectOf(ReadOnlySpan<byte> message)
    {
        var text = WithCrLf(Encoding.Latin1.GetString(message));
        var end = text.StartsWith("\r\n", StringComparison.Ordinal) ? 0 : text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var header = (end < 0 ? text : text[..end]).Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", "\t", StringComparison.Ordinal);
        return header.Split("\r\n").FirstOrDefault(line => line.StartsWith("Subject:", StringComparison.OrdinalIgnoreCase))?["Subject:".Length..];
    }
}
