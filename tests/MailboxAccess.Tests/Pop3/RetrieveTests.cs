using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using MailCloud.MailboxAccess.Pop3;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>RETR and TOP against what was stored.</summary>
public sealed class RetrieveTests(ImapServer server) : IClassFixture<ImapServer>
{
    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes(SampleMail.Prefix);

    [Fact]
    public async Task Mail_comes_out_octet_for_octet_and_as_long_as_listed()
    {
        var mails = Mails();
        var user = await server.CreateAccountAsync([.. mails]);
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint);

        // The corpus has mail with addresses in UTF-8.
        await client.SayOkAsync("UTF8");
        Assert.StartsWith("+OK ", await client.LogInAsync(user));
        var sizes = (await client.ListAsync("LIST")).Select(line => line.Split(' ')[1]).ToList();
        for (var i = 0; i < mails.Count; i++)
        {
            byte[] stored = [.. Prefix, .. mails[i]];
            Assert.Equal(WithLineEnd(stored), await client.RetrieveAsync($"RETR {i + 1}"));
            Assert.Equal(stored.Length, int.Parse(sizes[i], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(20_000)]
    public async Task Top_is_the_beginning(int lines)
    {
        var body = string.Concat(Enumerable.Range(1, 10_000).Select(i => $".{i} {new string('x', i % 90)}\r\n"));
        string[] headers = ["Subject: short\r\n\r\n", string.Concat(Enumerable.Range(1, 2000).Select(i => $"X-{i}: {new string('y', 50)}\r\n")) + "\r\n"];
        await using var client = await Pop3Client.ConnectAsync(
            server.Pop3EndPoint, await server.CreateAccountAsync([.. headers.Select(header => Encoding.ASCII.GetBytes(header + body))]));
        for (var i = 0; i < headers.Length; i++)
        {
            var expected = SampleMail.Prefix + headers[i] + string.Concat(body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Take(lines).Select(line => line + "\r\n"));
            Assert.Equal(expected, Encoding.ASCII.GetString(await client.RetrieveAsync($"TOP {i + 1} {lines}")));
        }
    }

    [Fact]
    public async Task Binary_parts_are_in_base64_with_true_sizes()
    {
        byte[] mail =
        [
            .. "From: a@example.test\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8,
            .. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31 / 7)),
        ];
        var user = await server.CreateAccountAsync(mail);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        var shown = await dialog.FetchAsync("FETCH 1 BODY.PEEK[]", "BODY[]");
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal($"+OK 1 {shown.Length}", await client.SayAsync("LIST 1"));
        Assert.Equal(WithLineEnd(shown), await client.RetrieveAsync("RETR 1"));
        Assert.DoesNotContain((byte)0, shown);
    }

    [Fact]
    public async Task Fifty_megabytes_are_read_at_the_clients_pace()
    {
        byte[] mail = [.. "Subject: large\r\n\r\n"u8, .. Enumerable.Range(0, 50 * 1024 * 1024 / 64).SelectMany(_ => ".1234567890123456789012345678901234567890123456789012345678901\r\n"u8.ToArray())];
        var user = await server.CreateAccountAsync(mail);
        var read = 0L;
        using var listener = Listen("mailcloud.pop3.read", octets => Interlocked.Add(ref read, octets));
        var piped = new PipedPop3Server(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        await client.SayAsync($"USER {user}");
        Assert.StartsWith("+OK", await client.SayAsync($"PASS {ImapServer.Password}"));
        Assert.Equal($"+OK {Prefix.Length + mail.Length} octets", await client.SayAsync("RETR 1"));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var received = 0L;
        for (var line = await client.ReadLineAsync(); line != "."; line = await client.ReadLineAsync())
        {
            var text = line.StartsWith('.') ? line[1..] : line;
            hash.AppendData(Encoding.ASCII.GetBytes(text + "\r\n"));
            received += text.Length + 2;
            Assert.True(Interlocked.Read(ref read) - received < 1024 * 1024, "more was read from storage than the client takes");
        }

        Assert.Equal(SHA256.HashData([.. Prefix, .. mail]), hash.GetHashAndReset());
    }

    [Fact]
    public async Task Top_reads_no_more_than_it_sends()
    {
        byte[] mail = [.. "Subject: large\r\n\r\n"u8, .. Enumerable.Range(0, 100_000).SelectMany(_ => "a line of text\r\n"u8.ToArray())];
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, await server.CreateAccountAsync(mail));
        var read = 0L;
        using var listener = Listen("mailcloud.pop3.read", octets => Interlocked.Add(ref read, octets));
        await client.RetrieveAsync("TOP 1 0");
        Assert.Equal(0, Interlocked.Read(ref read));
        await client.RetrieveAsync("TOP 1 10");
        Assert.InRange(Interlocked.Read(ref read), 160, 8 * 1024);
    }

    [Fact]
    public async Task A_message_whose_body_is_lost_is_refused_and_the_session_goes_on()
    {
        var user = await server.CreateAccountAsync();
        await server.LoseBodiesAsync(user, 1);
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal("-ERR [SYS/PERM] The message cannot be read", await client.SayAsync("RETR 1"));
        Assert.Equal("-ERR [SYS/PERM] The message cannot be read", await client.SayAsync("TOP 1 1"));
        await client.RetrieveAsync("TOP 1 0");
        await client.RetrieveAsync("RETR 2");
    }

    private MeterListener Listen(string instrument, Action<long> measured)
    {
        var scope = server.Services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (published, l) =>
            {
                if (published.Meter.Name == Pop3Telemetry.MeterName && published.Meter.Scope == scope && published.Name == instrument)
                {
                    l.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => measured(value));
        listener.Start();
        return listener;
    }

    private static byte[] WithLineEnd(byte[] message) => message.AsSpan().EndsWith("\r\n"u8) ? message : [.. message, .. "\r\n"u8];

    private static List<byte[]> Mails()
    {
        List<byte[]> mails =
        [
            "Subject: empty\r\n\r\n"u8.ToArray(),
            "Subject: no body\r\n"u8.ToArray(),
            "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n."u8.ToArray(),
            "Subject: bare\r\n\r\na\nb\rc\n\r\nd\r"u8.ToArray(),
            [.. "Subject: raw "u8, 0xC4, 0xE3, 0xBA, 0xC3, .. "\r\n\r\n"u8, .. Enumerable.Range(1, 9).SelectMany(i => new byte[] { 0x80, (byte)(i + 0x80) }), .. "\r\n"u8],
            [.. "Subject: long\r\n\r\n"u8, .. Enumerable.Range(0, 20_000).SelectMany(i => Encoding.ASCII.GetBytes($".{i}\r\n"))],
        ];
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is { Length: > 0 } corpus)
        {
            mails.AddRange(File.ReadLines(Path.Combine(corpus, "MANIFEST.tsv")).Skip(1).Select(l => l.Split('\t'))
                .Where(f => f[0] == "clean").Select(f => File.ReadAllBytes(Path.Combine(corpus, f[0], f[1], f[2]))).Take(500));
        }

        return mails;
    }
}
