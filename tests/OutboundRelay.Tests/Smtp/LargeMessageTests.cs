using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Messages of any size go octet by octet as they are, and are not held.</summary>
public sealed class LargeMessageTests
{
    private const int Octets = 50_000_000;

    // What is on the way between the body and the host: pieces, a chunk, and the buffers of two sockets (Linux's net.ipv4.tcp_wmem goes up to 4 MB, the host's is set).
    private const long MostOnTheWay = 10_000_000;

    [Theory]
    [InlineData("PIPELINING")]
    [InlineData("CHUNKING")]
    [InlineData("CHUNKING PIPELINING")]
    public async Task Fifty_megabytes_arrive_and_are_not_held(string keywords)
    {
        await using var sink = new Sink(keywords.Split(' '));
        var body = new Lines(Octets);
        sink.Received += received => body.NoteReceived(received);
        await using var session = await Relaying.SessionAsync(sink.Host);
        var sent = await session.SendAsync(
            Relaying.Message([], "a@mx.example") with { Length = Octets, OpenBody = _ => Task.FromResult<Stream>(body) }, CancellationToken.None);
        Assert.Equal("delivered 250 queued", Relaying.Line(sent.Outcomes[0]));
        await session.QuitAsync(CancellationToken.None);
        await sink.EndedAsync();
        Assert.Equal(Octets, sink.Length);
        Assert.Equal(Convert.ToHexString(body.Hash()), Convert.ToHexString(sink.Hash()));
        Assert.InRange(body.MostAhead, 0, MostOnTheWay);
    }

    // The lengths at which pieces and chunks end, and their neighbours.
    [Theory]
    [InlineData("PIPELINING", false)]
    [InlineData("CHUNKING", false)]
    [InlineData("CHUNKING PIPELINING", false)]
    [InlineData("CHUNKING PIPELINING", true)]
    public async Task Every_length_arrives_exactly(string keywords, bool isLengthWrong)
    {
        await using var sink = new Sink(keywords.Split(' '));
        await using var session = await Relaying.SessionAsync(sink.Host);
        foreach (var length in new[] { 0, 2, 16 * 1024, 64 * 1024, 256 * 1024, 512 * 1024 }.SelectMany(l => new[] { l - 2, l, l + 2 }).Where(l => l >= 0))
        {
            var body = new Lines(length);
            var sent = await session.SendAsync(
                Relaying.Message([], "a@mx.example") with { Length = isLengthWrong ? length / 2 : length, OpenBody = _ => Task.FromResult<Stream>(body) }, CancellationToken.None);
            Assert.Equal("delivered 250 queued", Relaying.Line(sent.Outcomes[0]));
            Assert.Equal(length, sink.Length);
            Assert.Equal(Convert.ToHexString(body.Hash()), Convert.ToHexString(sink.Hash()));
        }
    }

    // RFC 3030 §3: binary has no lines.
    [Fact]
    public async Task Binary_octets_arrive_exactly()
    {
        await using var sink = new Sink(["CHUNKING", "BINARYMIME"]);
        await using var session = await Relaying.SessionAsync(sink.Host);
        var body = new byte[700_001];
        new Random(1).NextBytes(body);
        var sent = await session.SendAsync(Relaying.Message(body, "a@mx.example") with { Form = BodyType.BinaryMime }, CancellationToken.None);
        Assert.Equal("delivered 250 queued", Relaying.Line(sent.Outcomes[0]));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), Convert.ToHexString(sink.Hash()));
    }

    /// <summary>Lines of dots and text of all lengths, made as they are read; an even number of octets, the last two CRLF.</summary>
    private sealed class Lines(int octets) : ForwardStream
    {
        private static readonly byte[] Pattern = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60).Select(i => new string('.', i % 4) + new string('a', i * 2) + "\r\n")));

        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long read;

        public long MostAhead { get; private set; }

        public byte[] Hash() => hash.GetCurrentHash();

        public void NoteReceived(long received) => MostAhead = Math.Max(MostAhead, Interlocked.Read(ref read) - received);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(Math.Min(buffer.Length, 5000), octets - read);
            for (var i = 0; i < count; i++)
            {
                var left = octets - read - i;
                var octet = Pattern[(int)((read + i) % Pattern.Length)];

                // Whatever the pattern is cut in, the end is CRLF, and none of its own stands before.
                buffer.Span[i] = left switch { 1 => (byte)'\n', 2 => (byte)'\r', 3 when octet == '\r' => (byte)'a', _ => octet };
            }

            hash.AppendData(buffer.Span[..count]);
            Interlocked.Add(ref read, count);
            return new(count);
        }
    }

    /// <summary>A host that takes everything, by its own reading of DATA and BDAT.</summary>
    private sealed class Sink : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly string[] keywords;
        private readonly Task serving;
        private IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public Sink(string[] keywords)
        {
            this.keywords = keywords;
            listener.Server.ReceiveBufferSize = 64 * 1024;
            listener.Start();
            serving = Task.Run(ServeAsync);
        }

        public event Action<long>? Received;

        public MailHost Host => new("mx.example", ((IPEndPoint)listener.LocalEndpoint).Port, [IPAddress.Loopback], HostTls.Opportunistic);

        public long Length { get; private set; }

        public byte[] Hash() => hash.GetCurrentHash();

        public Task EndedAsync() => serving.WaitAsync(TimeSpan.FromSeconds(60));

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task ServeAsync()
        {
            using var client = await listener.AcceptTcpClientAsync();
            client.NoDelay = true;
            var stream = new BufferedStream(client.GetStream(), 16 * 1024);
            await SayAsync(client, "220 mx.example");
            while (Line(stream) is { } line)
            {
                switch (line.Split(' '))
                {
                    case ["EHLO", ..]:
                        await SayAsync(client, $"250-mx.example\r\n250-{string.Join("\r\n250-", keywords)}\r\n250 HELP");
                        break;
                    case ["MAIL", ..]:
                        (Length, hash) = (0, IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
                        await SayAsync(client, "250 ok");
                        break;
                    case ["DATA"]:
                        await SayAsync(client, "354 go ahead");
                        TakeData(stream);
                        await SayAsync(client, "250 queued");
                        break;
                    case ["BDAT", var length, .. var last]:
                        TakeChunk(stream, int.Parse(length, System.Globalization.CultureInfo.InvariantCulture));
                        await SayAsync(client, last.Length > 0 ? "250 queued" : "250 chunk");
                        break;
                    case ["QUIT"]:
                        return;
                    default:
                        await SayAsync(client, "250 ok");
                        break;
                }
            }
        }

        private static async Task SayAsync(TcpClient client, string text) => await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"));

        /// <summary>A line with its CRLF taken off; null at the end.</summary>
        private static string? Line(Stream stream)
        {
            var line = new StringBuilder();
            for (var octet = stream.ReadByte(); octet >= 0; octet = stream.ReadByte())
            {
                line.Append((char)octet);
                if (line.Length >= 2 && line[^2] == '\r' && line[^1] == '\n')
                {
                    return line.ToString(0, line.Length - 2);
                }
            }

            return null;
        }

        private void TakeData(Stream stream)
        {
            while (Line(stream) is { } line && line != ".")
            {
                Take(Encoding.Latin1.GetBytes((line.StartsWith('.') ? line[1..] : line) + "\r\n"));
            }
        }

        private void TakeChunk(Stream stream, int length)
        {
            var chunk = new byte[length];
            stream.ReadExactly(chunk);
            Take(chunk);
        }

        private void Take(byte[] octets)
        {
            hash.AppendData(octets);
            Length += octets.Length;
            Received?.Invoke(Length);
        }
    }
}
