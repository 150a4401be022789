using System.IO.Compression;
using System.IO.Pipelines;
using MailCloud.Wire;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>The readers of MailCloud.Wire, each against a plain one that has the whole input at hand.</summary>
internal static class WireTargets
{
    private const int MaxLine = 100;
    private const int MaxMessage = 300;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly ReadPace Pace = new(Limit, 0);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("line-reader", Lines) { MaxLength = 256, Seeds = s => s.SmtpDialogs.Concat(s.ImapDialogs), Tokens = ["\r\n", "\r\r\n", "\n\r", new string('a', MaxLine - 2), new string('a', MaxLine - 1)] },
        new("literal-reader", Literals) { MaxLength = 256, Seeds = _ => Seeds.Of("", "\u0005hello and more") },
        new("dot-reader", Dots)
        {
            MaxLength = 384,
            Seeds = s => [.. Seeds.Of("Subject: a\r\n\r\n..b\r\n.\r\nQUIT\r\n", ".\r\n", "a\r\n.\r\r\n.\r\n", "a\n.\nb\r\n.\n\r\n.\r\n"), .. s.SmtpDialogs],
            Tokens = ["\r\n.\r\n", "\r\n..\r\n", "\n.\n", "\r.\r", "\r\n.\r", ".\r\n", "\r\n.\n", "\n.\r\n", "\r\r\n.\r\n", new string('a', MaxMessage)],
        },
        new("line-ends", LineEnds) { MaxLength = 128, Seeds = _ => Seeds.Of("a\r\nb\r\n", "a\rb", "a\nb") },
        new("proxy-header", ProxyHeaders)
        {
            MaxLength = 192,
            Seeds = s =>
            [
                .. Seeds.Of("PROXY TCP4 192.0.2.1 192.0.2.2 56324 25\r\nEHLO a\r\n", "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n"),
                [.. ProxyV2(0x21, 0x11, 12), 192, 0, 2, 1, 192, 0, 2, 2, 0, 1, 0, 25, (byte)'x'],
                [.. ProxyV2(0x21, 0x21, 36), .. new byte[36]],
                ProxyV2(0x20, 0, 0),
                [.. ProxyV2(0x21, 0x11, 15), .. new byte[12], 4, 0, 0],
            ],
            Tokens = ["PROXY ", "TCP4 ", "TCP6 ", "UNKNOWN", " 65535", " 65536", "255.255.255.255", "::ffff:192.0.2.1", "%1"],
        },
        new("deflate", Deflated)
        {
            MaxLength = 256,
            AllocationPerOctet = 20_000,
            FixedAllocation = 1024 * 1024,
            GrownLength = 16 * 1024,
            Seeds = s => s.ImapDialogs.Select(Deflate),
        },
    ];

    private static void Lines(ReadOnlyMemory<byte> input)
    {
        var whole = ReadLines(Pieces.Whole(input), input.Length);
        ThrowIf(!whole.SequenceEqual(PlainLines(input.ToArray())), "the lines are those between CRLFs");
        ThrowIf(!whole.SequenceEqual(ReadLines(Pieces.Cut(input), input.Length)), "lines do not depend on how they come");
    }

    private static List<(LineStatus, string)> ReadLines(Pieces pieces, int length)
    {
        var reader = new LineReader(Pieces.Reader(pieces), MaxLine);
        var lines = new List<(LineStatus, string)>();
        LineStatus status;
        do
        {
            if (!reader.TryRead(out status))
            {
                status = AtOnce.Get(reader.ReadAsync(Limit, default));
            }

            lines.Add((status, status == LineStatus.Complete ? System.Text.Encoding.Latin1.GetString(reader.Line.Span) : ""));
        }
        while (status != LineStatus.End && lines.Count <= length);
        return lines;
    }

    private static List<(LineStatus, string)> PlainLines(byte[] input)
    {
        var texts = System.Text.Encoding.Latin1.GetString(input).Split("\r\n");
        return
        [
            .. texts[..^1].Select(text => text.Length + 2 > MaxLine ? (LineStatus.TooLong, "") : (LineStatus.Complete, text)),
            (LineStatus.End, ""),
        ];
    }

    private static void Literals(ReadOnlyMemory<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var count = input.Span[0];
        var octets = input[1..];
        // An exception costs more than all else: once is enough.
        foreach (var pieces in count > octets.Length ? (Pieces[])[Pieces.Cut(octets)] : [Pieces.Whole(octets), Pieces.Cut(octets)])
        {
            var taken = new MemoryStream();
            var ended = false;
            try
            {
                AtOnce.Get(LiteralReader.ReadAsync(Pieces.Reader(pieces), count, Pace, taken, default));
            }
            catch (EndOfStreamException)
            {
                ended = true;
            }

            ThrowIf(ended != count > octets.Length, "a literal ends early only with the connection");
            ThrowIf(!taken.ToArray().AsSpan().SequenceEqual(octets.Span[..Math.Min(count, octets.Length)]), "a literal is the next octets");
            ThrowIf(!ended && !pieces.Rest().AsSpan().SequenceEqual(octets.Span[count..]), "what follows a literal is left");
        }
    }

    private static void Dots(ReadOnlyMemory<byte> input)
    {
        var expected = PlainDots(input.Span);
        CheckDots(Pieces.Cut(input), expected);
        if (expected.Rest is not null)
        {
            // A message that does not end costs an exception, which costs more than all else.
            CheckDots(Pieces.Whole(input), expected);
        }
    }

    private static void CheckDots(Pieces pieces, PlainMessage expected)
    {
        var taken = new MemoryStream();
        DotResult? result = null;
        try
        {
            result = AtOnce.Get(DotReader.ReadAsync(Pieces.Reader(pieces), MaxMessage, Pace, taken.WriteAsync, default));
        }
        catch (EndOfStreamException)
        {
        }

        ThrowIf(result is null != expected.Rest is null, "only CRLF . CRLF ends a message");
        if (result is not { } ended)
        {
            return;
        }

        ThrowIf(!pieces.Rest().AsSpan().SequenceEqual(expected.Rest), "what follows the last dot is left");
        ThrowIf((ended.Status == DotStatus.Complete) != (expected.Status == DotStatus.Complete), "a message with a bare CR or LF, or that is too long, is refused");
        ThrowIf(ended.Octets != expected.Content.Length, "the length is that of the message without its dots");
        ThrowIf(ended.Status == DotStatus.Complete && !taken.ToArray().AsSpan().SequenceEqual(expected.Content), "the message is what was sent without its dots");
    }

    // The whole input at hand: RFC 5321 §4.1.1.4 and §4.5.2 word by word.
    private static PlainMessage PlainDots(ReadOnlySpan<byte> input)
    {
        byte[] led = [(byte)'\r', (byte)'\n', .. input];
        var end = led.AsSpan().IndexOf("\r\n.\r\n"u8);
        if (end < 0)
        {
            return new(DotStatus.Complete, [], null);
        }

        var content = System.Text.Encoding.Latin1.GetString(led, 0, end + 2).Replace("\r\n.", "\r\n", StringComparison.Ordinal)[2..];
        var bare = content.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n');

        // Taking out a dot must not make a CRLF of two octets that were none: it never joins, because it stands after one.
        var status = bare ? DotStatus.BareLineEnd : content.Length > MaxMessage ? DotStatus.TooLarge : DotStatus.Complete;
        return new(status, System.Text.Encoding.Latin1.GetBytes(content), led[(end + 5)..]);
    }

    private static void LineEnds(ReadOnlyMemory<byte> input)
    {
        var text = System.Text.Encoding.Latin1.GetString(input.Span);
        var complete = text.EndsWith('\r') ? text[..^1] : text;
        var bare = complete.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n');
        var dice = Pieces.DiceOf(input.Span);
        var whole = default(LineEndCheck);
        whole.Add(input.Span);
        var cut = default(LineEndCheck);
        for (var rest = input.Span; !rest.IsEmpty;)
        {
            var size = 1 + dice.Below(rest.Length);
            cut.Add(rest[..size]);
            rest = rest[size..];
        }

        ThrowIf(whole.FoundBare != bare || cut.FoundBare != bare, "a bare CR or LF is found");
        ThrowIf(!bare && (whole.EndsInCr != text.EndsWith('\r') || cut.EndsInCr != text.EndsWith('\r')), "a CR at the end is open");
    }

    private static void ProxyHeaders(ReadOnlyMemory<byte> input)
    {
        var whole = ReadProxy(Pieces.Whole(input));
        var cut = ReadProxy(Pieces.Cut(input));
        ThrowIf(whole != cut, "the header does not depend on how it comes");
        if (whole.Header is { Source: { } source } header)
        {
            ThrowIf(header.Destination is null || header.Destination.AddressFamily != source.AddressFamily, "both ends are of one family");
        }
    }

    private static (ProxyHeader? Header, string? Error, int Left) ReadProxy(Pieces pieces)
    {
        try
        {
            return (AtOnce.Get(ProxyProtocol.ReadAsync(Pieces.Reader(pieces), Limit, default)), null, pieces.Rest().Length);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return (null, e.GetType().Name, 0);
        }
    }

    private static byte[] ProxyV2(byte command, byte family, byte length) => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, command, family, 0, length];

    private static void Deflated(ReadOnlyMemory<byte> input)
    {
        var (octets, ended) = Inflate(Pieces.Whole(input));
        var (again, endedAgain) = Inflate(Pieces.Cut(input));
        ThrowIf(!octets.AsSpan().SequenceEqual(again) || ended != endedAgain, "what is inflated does not depend on how it comes");
    }

    private static (byte[] Octets, string Ended) Inflate(Pieces pieces)
    {
        var connection = new DeflateConnection(new OneWay(pieces), TimeProvider.System);
        var octets = new MemoryStream();
        try
        {
            while (true)
            {
                var read = AtOnce.Get(connection.Input.ReadAsync(default));
                foreach (var segment in read.Buffer)
                {
                    octets.Write(segment.Span);
                }

                connection.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return (octets.ToArray(), "");
                }
            }
        }
        catch (InvalidDataException)
        {
            return ([], nameof(InvalidDataException));
        }
        finally
        {
            AtOnce.Get(connection.DisposeAsync());
        }
    }

    private static byte[] Deflate(byte[] plain)
    {
        var deflated = new MemoryStream();
        using (var stream = new DeflateStream(deflated, CompressionLevel.Fastest))
        {
            stream.Write(plain);
        }

        return deflated.ToArray();
    }

    /// <param name="Rest">What follows the message; null when it does not end.</param>
    private sealed record PlainMessage(DotStatus Status, byte[] Content, byte[]? Rest);

    private sealed class OneWay(PipeReader input) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output { get; } = PipeWriter.Create(Stream.Null);
    }
}
