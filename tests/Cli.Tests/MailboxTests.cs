using System.Globalization;
using System.Text;
using System.Text.Json;
using MailCloud.Testing;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>Mailboxes as files and back: nothing is lost, doubled or other than it was.</summary>
public sealed class MailboxTests(WebServer server) : IClassFixture<WebServer>
{
    /// <summary>Octets that a format of files with LF could lose.</summary>
    private static readonly string[] Difficult =
    [
        "Subject: plain\r\n\r\ntext\r\n",
        "Subject: bare LF\r\n\r\none\ntwo\r\nthree\r\n",
        "Subject: CR CRLF\r\n\r\none\r\r\ntwo\r\n",
        "Subject: bare CR\r\n\r\none\rtwo\r\n",
        "Subject: ends with CR\r\n\r\none\r",
        "Subject: ends within a line\r\n\r\none",
        "Subject: ends within a line, bare LF\r\n\r\none\ntwo",
        "Subject: ends with empty lines\r\n\r\none\r\n\r\n\r\n",
        "Subject: header alone\r\n",
        "\r\nno header\r\n",
        " begins within a field\r\nSubject: x\r\n\r\ntext\r\n",
        "Subject: From\r\n\r\nFrom me\r\n>From you\r\n>>From them\r\n\r\nFrom here\r\nFrom",
        "Status: RO\r\nX-Status: A\r\n continued\r\nX-Keywords: Own\r\nSubject: own fields\r\n\r\nStatus: R\r\n",
        "X-MailCloud-Added: 1\r\nSubject: own marker\r\n\r\ntext\r\n",
        "Subject: only LF\n\nFrom one\ntwo\n",
        "\n",
    ];

    [Theory]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public async Task A_mailbox_comes_back_as_it_was(string format)
    {
        var (from, to) = (await AccountAsync($"from-{format}"), await AccountAsync($"to-{format}"));
        var import = await BeginAsync(from);
        foreach (var (name, use) in new[] { ("Gesendet/日本", "\\Sent"), ("Old mail", "\\Archive") })
        {
            await server.SendAsync(HttpMethod.Put, $"/admin/v1/mailboxes/{from}/folders?folder={Uri.EscapeDataString(name)}&specialUse={Uri.EscapeDataString(use)}");
        }

        var number = 0;
        foreach (var octets in Difficult.Select(Encoding.UTF8.GetBytes).Concat(Corpus()).Append(Long()))
        {
            foreach (var (flags, keywords) in number < 3 * Difficult.Length ? new[] { ("", ""), ("seen,answered", "Work,$Forwarded"), ("flagged,deleted,draft,seen", "$Junk") } : [("seen", "")])
            {
                var folder = (number % 4) switch { 0 => "INBOX", 1 => "工作/日本 & more", 2 => "a.b/c.mbox", _ => ".hidden" };
                await PutAsync(from, import, folder, $"{number}", octets, flags, keywords, DateTimeOffset.UnixEpoch.AddDays(3 * number++).AddSeconds(17));
            }
        }

        var directory = Path.Combine(server.Directory, format);
        var (exit, output, error) = await RunAsync("mailbox", "export", from, "--to", directory, "--format", format);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith($"{{\"exported\":{number},", output, StringComparison.Ordinal);
        (exit, output, error) = await RunAsync("mailbox", "import", to, "--from", directory, "--format", format);
        Assert.Equal((0, Imported(number), ""), (exit, output, error));

        var (sent, received) = (await ReadAsync(from), await ReadAsync(to));
        Assert.Equal(sent.Select(m => m.Head), received.Select(m => m.Head));
        Assert.All(sent.Zip(received), pair => Assert.Equal(pair.First.Octets, pair.Second.Octets));
        Assert.Equal(await SubscribedAsync(from), await SubscribedAsync(to));
        var uses = await UsesAsync(from);
        Assert.Contains("\\Sent Gesendet/日本", uses);
        Assert.Contains("\\Archive Old mail", uses);
        Assert.Equal(uses, await UsesAsync(to));
    }

    [Theory]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public async Task What_was_done_is_not_done_again(string format)
    {
        var (from, to) = (await AccountAsync($"again-{format}"), await AccountAsync($"again-to-{format}"));
        var import = await BeginAsync(from);
        var directory = Path.Combine(server.Directory, $"again-{format}");
        string[] export = ["mailbox", "export", from, "--to", directory, "--format", format];
        string[] back = ["mailbox", "import", to, "--from", directory, "--format", format];
        for (var round = 0; round < 3; round++)
        {
            await PutAsync(from, import, "INBOX", $"{round}", Encoding.ASCII.GetBytes($"Subject: {round}\r\n\r\ntext\r\n"), "", "", DateTimeOffset.UnixEpoch);
            Assert.StartsWith("{\"exported\":1,", (await RunAsync(export)).Output, StringComparison.Ordinal);
            Assert.StartsWith("{\"exported\":0,", (await RunAsync(export)).Output, StringComparison.Ordinal);
            Assert.Equal(Imported(1, round), (await RunAsync(back)).Output);
            Assert.Equal(Imported(0, round + 1), (await RunAsync(back)).Output);
        }

        Assert.Equal((await ReadAsync(from)).Select(m => m.Head), (await ReadAsync(to)).Select(m => m.Head));
    }

    [Theory]
    [InlineData("maildir")]
    [InlineData("mbox")]
    public async Task An_export_that_died_before_it_recorded_its_progress_writes_nothing_twice(string format)
    {
        var (from, to) = (await AccountAsync($"died-{format}"), await AccountAsync($"died-to-{format}"));
        var import = await BeginAsync(from);
        var directory = Path.Combine(server.Directory, $"died-{format}");
        string[] export = ["mailbox", "export", from, "--to", directory, "--format", format];
        await PutAsync(from, import, "INBOX", "0", Encoding.ASCII.GetBytes("Subject: 0\r\n\r\ntext\r\n"), "", "", DateTimeOffset.UnixEpoch);
        await RunAsync(export);
        var state = Path.Combine(directory, format == "mbox" ? "INBOX.mbox.mailcloud-export" : "mailcloud-export");
        var before = await File.ReadAllTextAsync(state);
        await PutAsync(from, import, "INBOX", "1", Encoding.ASCII.GetBytes("Subject: 1\r\n\r\ntext\r\n"), "seen", "", DateTimeOffset.UnixEpoch);
        await RunAsync(export);

        // The second message is written whole, and its progress is not.
        await File.WriteAllTextAsync(state, before);
        Assert.Equal(0, (await RunAsync(export)).Exit);
        Assert.Equal(Imported(2), (await RunAsync("mailbox", "import", to, "--from", directory, "--format", format)).Output);
        Assert.Equal((await ReadAsync(from)).Select(m => m.Head), (await ReadAsync(to)).Select(m => m.Head));
    }

    [Fact]
    public async Task An_import_whose_answers_are_lost_files_each_message_once()
    {
        await using var network = new HttpProxy(server.Admin.BaseAddress!.Port);
        var to = await AccountAsync("lost");
        var file = Path.Combine(server.Directory, "lost.mbox");
        await File.WriteAllTextAsync(file, "From a Sat Feb  3 04:05:06 2001\nSubject: 1\n\none\n\nFrom b Sat Feb  3 04:05:07 2001\nSubject: 2\n\ntwo\n");
        network.Once("PUT /admin/v1/mailboxes/lost%40example.test/imports", RequestFate.AnswerLost);
        var (exit, output, error) = await CommandProcess.RunAsync(server, new($"http://127.0.0.1:{network.Port}"), "mailbox", "import", to, "--from", file, "--format", "mbox");
        Assert.Equal((0, Imported(2), ""), (exit, output, error));
        Assert.Equal(3, network.Seen.Count(line => line.StartsWith("PUT ", StringComparison.Ordinal) && line.Contains("/imports/", StringComparison.Ordinal)));
        Assert.Equal(2, (await ReadAsync(to)).Count);

        // The process that died before it wrote down the answer: the message is in doubt, and there already.
        var state = $"{file}.mailcloud-import-{to}";
        await File.WriteAllLinesAsync(state, (await File.ReadAllLinesAsync(state)).Where(line => line.StartsWith("filing", StringComparison.Ordinal)));
        Assert.Equal(Imported(2), (await RunAsync("mailbox", "import", to, "--from", file, "--format", "mbox")).Output);
        Assert.Equal(2, (await ReadAsync(to)).Count);
    }

    [Fact]
    public async Task An_mbox_of_another_program_is_read()
    {
        var to = await AccountAsync("foreign");
        var file = Path.Combine(server.Directory, "foreign.mbox");
        await File.WriteAllTextAsync(
            file,
            "From ann@remote.test Sun Feb  3 04:05:06 2001\nSubject: 1\nStatus: RO\nX-Status: AF\nX-Keywords: Work Home\n continued\nX-UID: 7\nTo: b\n\n"
            + ">From the start\n>>From them\nnot\nFrom a separator\n\n"
            + "From ben@remote.test Tue Dec 25 23:59:59 2012 +0000\nSubject: 2\nStatus: O\n\n\nlast\n");
        Assert.Equal((0, Imported(2), ""), await RunAsync("mailbox", "import", to, "--from", file, "--format", "mbox"));
        var mail = await ReadAsync(to);
        Assert.Equal(["INBOX seen,answered,flagged Home,Work 2001-02-03T04:05:06", "INBOX   2012-12-25T23:59:59"], mail.Select(m => m.Head));
        Assert.Equal("Subject: 1\r\nTo: b\r\n\r\nFrom the start\r\n>From them\r\nnot\r\nFrom a separator\r\n", Encoding.ASCII.GetString(mail[0].Octets));
        Assert.Equal("Subject: 2\r\n\r\n\r\nlast\r\n", Encoding.ASCII.GetString(mail[1].Octets));
    }

    [Fact]
    public async Task A_maildir_as_Dovecot_writes_it_is_read_and_written()
    {
        var to = await AccountAsync("dovecot");
        var maildir = Path.Combine(server.Directory, "dovecot");
        foreach (var part in (string[])["cur", "new", "tmp", ".&XeVPXA-.&ZeVnLA-/cur"])
        {
            Directory.CreateDirectory(Path.Combine(maildir, part));
        }

        await File.WriteAllTextAsync(Path.Combine(maildir, "dovecot-keywords"), "0 NonJunk\n2 Work\n");
        await WriteAsync("cur/1000.M9P1.host,S=12:2,FPSac", 1_000_000_000);
        await WriteAsync("cur/1000.M10P1.host,S=12:2,DRT", 1_000_000_001);
        await WriteAsync("new/1001.M1P1.host", 1_000_000_002);
        await WriteAsync(".&XeVPXA-.&ZeVnLA-/cur/1.a.host:2,", 1_000_000_003);
        await File.WriteAllTextAsync(Path.Combine(maildir, "subscriptions"), "V\t2\n\n&XeVPXA-\t&ZeVnLA-\n");
        Assert.Equal((0, Imported(4), ""), await RunAsync("mailbox", "import", to, "--from", maildir, "--format", "maildir"));
        Assert.Equal(
        [
            "INBOX seen,flagged $Forwarded,NonJunk,Work 2001-09-09T01:46:40", "INBOX answered,deleted,draft  2001-09-09T01:46:41", "INBOX   2001-09-09T01:46:42", "工作/日本   2001-09-09T01:46:43",
        ], (await ReadAsync(to)).Select(m => m.Head));
        Assert.Contains("工作/日本", await SubscribedAsync(to));

        var copy = Path.Combine(server.Directory, "dovecot-copy");
        Assert.Equal(0, (await RunAsync("mailbox", "export", to, "--to", copy, "--format", "maildir")).Exit);
        var files = Directory.GetFiles(Path.Combine(copy, "cur")).Order(StringComparer.Ordinal).ToList();
        Assert.Equal([":2,FPSab", ":2,DRT", ":2,"], files.Select(file => file[file.LastIndexOf(':')..]));
        Assert.Equal(new DateTime(2001, 9, 9, 1, 46, 40, DateTimeKind.Utc), File.GetLastWriteTimeUtc(files[0]));
        Assert.Equal("Subject: x\n\ntext\n", await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(copy, ".&XeVPXA-.&ZeVnLA-", "cur")).Single()));
        Assert.Contains("&XeVPXA-.&ZeVnLA-\n", await File.ReadAllTextAsync(Path.Combine(copy, "subscriptions")), StringComparison.Ordinal);

        async Task WriteAsync(string name, long date)
        {
            var file = Path.Combine(maildir, name);
            await File.WriteAllTextAsync(file, "Subject: x\n\ntext\n");
            File.SetLastWriteTimeUtc(file, DateTimeOffset.FromUnixTimeSeconds(date).UtcDateTime);
        }
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_line()
    {
        var to = await AccountAsync("wrong");
        var file = Path.Combine(server.Directory, "wrong.mbox");
        await File.WriteAllTextAsync(file, "Subject: no separator\n\n");
        var (exit, _, error) = await RunAsync("mailbox", "import", to, "--from", file, "--format", "mbox");
        Assert.Equal((1, 1), (exit, error.Count(c => c == '\n')));
        Assert.Contains("is no mbox file", error, StringComparison.Ordinal);
        (exit, _, error) = await RunAsync("mailbox", "export", "nobody@example.test", "--to", Path.Combine(server.Directory, "none"), "--format", "mbox");
        Assert.Equal((1, "mailcloud: nobody@example.test is no account, so it has no mailbox\n"), (exit, error));
        (exit, _, error) = await RunAsync("mailbox", "import", to, "--from", Directory.CreateDirectory(Path.Combine(server.Directory, "empty")).FullName, "--format", "maildir");
        Assert.Equal((1, 1), (exit, error.Count(c => c == '\n')));
    }

    /// <summary>Real mail where there is some; every seventh of it, since each costs calls.</summary>
    private static IEnumerable<byte[]> Corpus() => Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is { Length: > 0 } corpus
        ? Directory.EnumerateFiles(corpus, "*.eml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, i) => i % 7 == 0).Select(File.ReadAllBytes).Where(octets => octets.Length > 0)
        : [];

    /// <summary>Lines around the length of a buffer, so that their ends fall on its edge.</summary>
    private static byte[] Long()
    {
        var text = new StringBuilder("Subject: long\r\n\r\n");
        for (var length = (64 * 1024) - 25; length < (64 * 1024) + 5; length++)
        {
            text.Append('x', length).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private async Task<string> AccountAsync(string local)
    {
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{local}@example.test", """{"kind":"account"}""");
        return $"{local}@example.test";
    }

    private async Task<string> BeginAsync(string address) => (await server.SendAsync(HttpMethod.Post, $"{PathOf(address)}/imports")).Body.GetProperty("id").GetString()!;

    private async Task PutAsync(string address, string import, string folder, string key, byte[] octets, string flags, string keywords, DateTimeOffset date)
    {
        await server.SendAsync(HttpMethod.Put, $"{PathOf(address)}/folders?folder={Uri.EscapeDataString(folder)}&subscribed=true");
        using var content = new ByteArrayContent(octets);
        var query = $"folder={Uri.EscapeDataString(folder)}&date={Uri.EscapeDataString(date.ToString("O", CultureInfo.InvariantCulture))}&flags={flags}&keywords={keywords}";
        using var response = await server.Admin.PutAsync($"{PathOf(address)}/imports/{import}/{key}?{query}", content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<List<(string Head, byte[] Octets)>> ReadAsync(string address)
    {
        var mail = new List<(string, byte[])>();
        foreach (var folder in await FoldersAsync(address))
        {
            var query = $"folder={Uri.EscapeDataString(folder.GetProperty("name").GetString()!)}";
            var page = (await server.SendAsync(HttpMethod.Get, $"{PathOf(address)}/messages?{query}")).Body;
            foreach (var message in page.GetProperty("messages").EnumerateArray())
            {
                var keywords = string.Join(',', message.GetProperty("keywords").EnumerateArray().Select(k => k.GetString()).Order(StringComparer.Ordinal));
                var flags = string.Join(',', message.GetProperty("flags").EnumerateArray().Select(f => f.GetString()));
                mail.Add((
                    $"{folder.GetProperty("name")} {flags} {keywords} {message.GetProperty("internalDate").GetDateTimeOffset().UtcDateTime:s}",
                    await server.Admin.GetByteArrayAsync($"{PathOf(address)}/messages/{message.GetProperty("uid")}?{query}")));
            }
        }

        return mail;
    }

    private async Task<IEnumerable<string?>> SubscribedAsync(string address) =>
        (await FoldersAsync(address)).Where(folder => folder.GetProperty("subscribed").GetBoolean()).Select(folder => folder.GetProperty("name").GetString());

    private async Task<List<string>> UsesAsync(string address) =>
        [.. (await FoldersAsync(address)).Select(folder => $"{folder.GetProperty("specialUse").GetString()} {folder.GetProperty("name").GetString()}").Where(line => line[0] == '\\')];

    private async Task<IEnumerable<JsonElement>> FoldersAsync(string address) =>
        (await server.SendAsync(HttpMethod.Get, $"{PathOf(address)}/folders")).Body.GetProperty("folders").EnumerateArray();

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => CommandProcess.RunAsync(server, null, command);

    private static string Imported(int count, int earlier = 0) => $"{{\"imported\":{count},\"earlier\":{earlier},\"refused\":0}}\n";

    private static string PathOf(string address) => $"/admin/v1/mailboxes/{Uri.EscapeDataString(address)}";
}
