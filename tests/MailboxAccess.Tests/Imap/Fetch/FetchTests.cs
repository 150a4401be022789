using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using MailCloud.MailboxAccess.Imap;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>FETCH over real grains and storage: what it reads, what it sets, what it does when a body is lost.</summary>
public sealed class FetchTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const int Slack = 64 * 1024;

    [Fact]
    public async Task Sections_of_a_large_message_are_read_and_nothing_more()
    {
        var large = new byte[50 * 1024 * 1024];
        large.AsSpan().Fill((byte)'x');
        for (var i = 76; i + 2 < large.Length; i += 78)
        {
            "\r\n"u8.CopyTo(large.AsSpan(i));
        }

        byte[] body =
        [
            .. "Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsmall\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"u8,
            .. Encoding.ASCII.GetBytes(Convert.ToBase64String(large.AsSpan(0, 150_000))),
            .. "\r\n--b\r\nContent-Type: application/x\r\n\r\n"u8,
            .. large,
            .. "\r\n--b--\r\n"u8,
        ];
        var user = await server.CreateAccountAsync(body);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user, "EXAMINE INBOX");
        using var counter = new ReadCounter(server);
        foreach (var (section, part, length) in new (string, string, int)[]
        {
            ("BODY.PEEK[HEADER]", "BODY[HEADER]", 94),
            ("BODY.PEEK[HEADER.FIELDS (Subject)]", "BODY[HEADER.FIELDS (Subject)]", 18),
            ("BODY.PEEK[1]", "BODY[1]", 5),
            ("BODY.PEEK[2.MIME]", "BODY[2.MIME]", 37),
            ("BODY.PEEK[2]", "BODY[2]", 200_000),
            ("BINARY.PEEK[2]<0.60000>", "BINARY[2]<0>", 60_000),
            ("BODY.PEEK[3]<1000000.1000>", "BODY[3]<1000000>", 1000),
            ("BODY.PEEK[TEXT]<52000000.300000>", "BODY[TEXT]<52000000>", 300_000),
        })
        {
            counter.Reset();
            var octets = await dialog.FetchAsync($"FETCH 1 ({section})", part);
            Assert.Equal(length, octets.Length);
            Assert.InRange(counter.Octets, 0, (length * 4 / 3) + Slack);
        }

        counter.Reset();
        await dialog.AskAsync("FETCH 1 (ENVELOPE BODYSTRUCTURE FLAGS RFC822.SIZE BODY.PEEK[HEADER])");
        Assert.Equal(0, counter.Octets);
        var whole = await dialog.FetchAsync("FETCH 1 BODY.PEEK[]", "BODY[]");
        Assert.Equal(body.Length + SampleMail.Prefix.Length, counter.Octets + SampleMail.Prefix.Length);
        Assert.True(whole.AsSpan(SampleMail.Prefix.Length).SequenceEqual(body), "the body comes out as it went in");
    }

    [Theory]
    [InlineData("BODY[]", true)]
    [InlineData("BODY[HEADER]", true)]
    [InlineData("BODY[1]", true)]
    [InlineData("RFC822", true)]
    [InlineData("RFC822.TEXT", true)]
    [InlineData("BINARY[1]", true)]
    [InlineData("BODY.PEEK[]", false)]
    [InlineData("RFC822.HEADER", false)]
    [InlineData("BINARY.PEEK[1]", false)]
    [InlineData("BINARY.SIZE[1]", false)]
    [InlineData("(ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE)", false)]
    public async Task Seen_is_set_by_what_reads_the_body(string items, bool seen)
    {
        var user = await server.CreateAccountAsync();
        await using var reader = await ImapDialog.OpenAsync(server.EndPoint, user, "EXAMINE INBOX");
        await using var writer = await ImapDialog.OpenAsync(server.EndPoint, user);
        Assert.DoesNotContain("\\Seen", await reader.AskAsync($"FETCH 1 {items}"), StringComparison.Ordinal);
        Assert.DoesNotContain("\\Seen", await writer.AskAsync("FETCH 1 FLAGS"), StringComparison.Ordinal);
        Assert.Equal(seen, (await writer.AskAsync($"FETCH 1 {items}")).Contains("FLAGS (\\Seen", StringComparison.Ordinal));
        Assert.Equal(seen, (await writer.AskAsync("FETCH 1 FLAGS")).Contains("\\Seen", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lost_body_is_left_out_whole_and_not_seen_while_others_are_sent()
    {
        var user = await server.CreateAccountAsync();
        await server.LoseBodiesAsync(user, 2);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        var answer = await dialog.AskAsync("FETCH 1:3 (BODY[HEADER] BODY[TEXT])");
        Assert.Contains("* 1 FETCH (FLAGS (\\Seen", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("* 2 FETCH", answer, StringComparison.Ordinal);
        Assert.Contains("* 3 FETCH (FLAGS (\\Seen", answer, StringComparison.Ordinal);
        Assert.EndsWith("t NO [SERVERBUG] Some messages cannot be read\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\\Seen", await dialog.AskAsync("FETCH 2 FLAGS"), StringComparison.Ordinal);

        // What does not need the body is still there.
        Assert.Contains("Subject", await dialog.AskAsync("FETCH 2 BODY.PEEK[HEADER]"), StringComparison.Ordinal);
        Assert.Contains("t OK", await dialog.AskAsync("SEARCH BODY noon"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_of_any_length_gives_its_fields()
    {
        var header = new StringBuilder("Subject: first\r\n");
        for (var i = 0; i < 20_000; i++)
        {
            header.Append(CultureInfo.InvariantCulture, $"X-Filler-{i % 7}: {new string('x', 90)}\r\n\tfolded {i}\r\n");
        }

        header.Append("X-Last: end\r\n\r\n");
        var user = await server.CreateAccountAsync(Encoding.ASCII.GetBytes(header + "body\r\n"));
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        Assert.True(header.Length > 2_000_000);
        Assert.Equal(
            "Subject: first\r\nX-Last: end\r\n\r\n",
            Encoding.ASCII.GetString(await dialog.FetchAsync("FETCH 1 BODY[HEADER.FIELDS (subject x-last)]", "BODY[HEADER.FIELDS (subject x-last)]")));
        var most = await dialog.FetchAsync("FETCH 1 BODY[HEADER.FIELDS.NOT (X-Filler-1 X-Last)]", "BODY[HEADER.FIELDS.NOT (X-Filler-1 X-Last)]");
        var expected = SampleMail.Prefix + string.Concat(Lines(header.ToString()).Where(f => !f.StartsWith("X-Filler-1", StringComparison.Ordinal) && !f.StartsWith("X-Last", StringComparison.Ordinal)));
        Assert.Equal(expected, Encoding.ASCII.GetString(most));
        Assert.Equal(
            expected[1_500_000..1_500_100],
            Encoding.ASCII.GetString(await dialog.FetchAsync("FETCH 1 BODY[HEADER.FIELDS.NOT (X-Filler-1 X-Last)]<1500000.100>", "BODY[HEADER.FIELDS.NOT (X-Filler-1 X-Last)]<1500000>")));
    }

    [Fact]
    public async Task Many_unseen_messages_are_fetched_batch_by_batch()
    {
        var user = await server.CreateAccountAsync([.. Enumerable.Range(0, 250).Select(i => Encoding.ASCII.GetBytes($"Subject: {i}\r\n\r\n{new string('x', 10_000)}"))]);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        var answer = await dialog.AskAsync("UID FETCH 1:* (BODY[TEXT])");
        Assert.Equal(250, answer.Split("* ").Count(r => r.Contains(" FETCH (UID ", StringComparison.Ordinal) && r.Contains("\\Seen", StringComparison.Ordinal)));
        Assert.Contains("* ESEARCH (TAG \"t\") COUNT 0\r\n", await dialog.AskAsync("SEARCH RETURN (COUNT) UNSEEN"), StringComparison.Ordinal);
    }

    // Fields with their continuation lines.
    private static string[] Lines(string header) => System.Text.RegularExpressions.Regex.Split(header, "(?<=\r\n)(?!\t)");

    /// <summary>What the server says it has read from storage for FETCH.</summary>
    private sealed class ReadCounter : IDisposable
    {
        private readonly MeterListener listener = new();
        private long octets;

        public ReadCounter(ImapServer server)
        {
            // Each test server has meters of its own.
            var scope = server.Services.GetRequiredService<IMeterFactory>();
            listener.InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == ImapTelemetry.MeterName && instrument.Meter.Scope == scope && instrument is { Name: "mailcloud.imap.fetch.read", Unit: "By" })
                {
                    l.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref octets, count));
            listener.Start();
        }

        public long Octets => Interlocked.Read(ref octets);

        public void Reset() => Interlocked.Exchange(ref octets, 0);

        public void Dispose() => listener.Dispose();
    }
}
