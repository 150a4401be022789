using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>curl: list, read, and any command by -X; in clear, with STLS and over POP3S. Each call is a session.</summary>
[Collection(ClientCollection.Name)]
public sealed class CurlPop3Tests(ClientServer server)
{
    [Theory]
    [InlineData("pop3", false)]
    [InlineData("pop3", true)]
    [InlineData("pop3s", false)]
    public async Task It_lists_reads_and_deletes(string scheme, bool startTls)
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        var random = new Random(3);
        byte[][] sent = [TestMessage.Create("curl1", random), [.. "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n"u8], TestMessage.Create("curl3", random)];
        await server.AppendAsync(user, sent);
        var root = string.Create(CultureInfo.InvariantCulture, $"{scheme}://localhost:{(scheme == "pop3s" ? server.Process.Pop3s : server.Process.Pop3)}");
        string[] security = startTls ? ["--ssl-reqd"] : [];
        async Task<string> CurlAsync(string path, params string[] arguments) =>
            (await home.RunAsync("curl", ["-sS", "--cacert", server.Certificate, "-u", $"{user}:{ClientServer.Password}", .. security, root + path, .. arguments])).MustSucceed().Output;

        var scan = Lines(await CurlAsync("/"));
        Assert.Equal(sent.Select((m, i) => $"{i + 1} {m.Length}"), scan);
        var uidls = Lines(await CurlAsync("/", "-X", "UIDL")).Select(l => l.Split(' ')).ToArray();
        Assert.Equal(["1", "2", "3"], uidls.Select(u => u[0]));
        Assert.Equal(3, uidls.Select(u => u[1]).Distinct().Count());
        for (var i = 0; i < sent.Length; i++)
        {
            await CurlAsync($"/{i + 1}", "-o", home.File("read"));
            Assert.Equal(sent[i], await File.ReadAllBytesAsync(home.File("read")));
        }

        var header = Encoding.UTF8.GetString(sent[2])[..(sent[2].AsSpan().IndexOf("\r\n\r\n"u8) + 4)];
        await CurlAsync("/", "-X", "TOP 3 0", "-o", home.File("top"));
        Assert.Equal(header, await File.ReadAllTextAsync(home.File("top")));

        await CurlAsync("/2", "-l", "-X", "DELE");
        var left = Lines(await CurlAsync("/", "-X", "UIDL"));
        Assert.Equal(uidls.Where(u => u[0] != "2").Select((u, i) => $"{i + 1} {u[1]}"), left);
        Assert.Equal([sent[0], sent[2]], await server.InboxAsync(user));
    }

    [Fact]
    public async Task It_is_told_that_a_message_is_not_there()
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        var root = string.Create(CultureInfo.InvariantCulture, $"pop3://localhost:{server.Process.Pop3}");

        // curl(1): 8, the server's answer to a transfer is an error; 67, the login is denied.
        Assert.Equal(8, (await home.RunAsync("curl", "-sS", "-u", $"{user}:{ClientServer.Password}", $"{root}/1")).ExitCode);
        Assert.Equal(67, (await home.RunAsync("curl", "-sS", "-u", $"{user}:wrong", $"{root}/1")).ExitCode);
    }

    private static string[] Lines(string text) => [.. text.Split('\n').Select(l => l.Trim('\r')).Where(l => l.Length > 0)];
}
