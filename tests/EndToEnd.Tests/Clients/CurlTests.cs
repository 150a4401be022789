using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>curl: in clear, with STARTTLS and over IMAPS, what its manual says of IMAP: list, read, append, search, and any command by -X.</summary>
[Collection(ClientCollection.Name)]
public sealed class CurlTests(ClientServer server)
{
    [Theory]
    [InlineData("imap", false)]
    [InlineData("imap", true)]
    [InlineData("imaps", false)]
    public async Task It_lists_appends_reads_searches_and_stores(string scheme, bool startTls)
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        var octets = TestMessage.Create("curl1", new Random(1));
        await File.WriteAllBytesAsync(home.File("message"), octets);
        var root = string.Create(CultureInfo.InvariantCulture, $"{scheme}://localhost:{(scheme == "imaps" ? server.Process.Imaps : server.Process.Imap)}");
        Task<string> CurlAsync(string path, params string[] arguments) => RunAsync(home, user, startTls, [root + path, .. arguments]);

        await CurlAsync("/", "-X", "CREATE &Ti1lh1k5-");
        Assert.Contains("* LIST (\\HasNoChildren) \"/\" &Ti1lh1k5-", (await CurlAsync("/")).Replace("\"&Ti1lh1k5-\"", "&Ti1lh1k5-", StringComparison.Ordinal), StringComparison.Ordinal);
        await CurlAsync("/%26Ti1lh1k5-", "-T", home.File("message"));
        await CurlAsync("/%26Ti1lh1k5-", "-T", home.File("message"));
        Assert.Contains("* STATUS &Ti1lh1k5- (MESSAGES 2", (await CurlAsync("/", "-X", "STATUS &Ti1lh1k5- (MESSAGES UNSEEN)")).Replace("\"", "", StringComparison.Ordinal), StringComparison.Ordinal);

        await CurlAsync("/%26Ti1lh1k5-;UID=1", "-o", home.File("read"));
        Assert.Equal(octets, await File.ReadAllBytesAsync(home.File("read")));
        var header = Encoding.UTF8.GetString(octets)[..(octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4)];
        await CurlAsync("/%26Ti1lh1k5-;MAILINDEX=2;SECTION=HEADER", "-o", home.File("header"));
        Assert.Equal(header, await File.ReadAllTextAsync(home.File("header")));
        Assert.Contains("Message-ID: <curl1@client.example>", await CurlAsync("/%26Ti1lh1k5-;UID=2;SECTION=HEADER.FIELDS%20(MESSAGE-ID)"), StringComparison.Ordinal);

        Assert.Equal("* SEARCH 1 2", (await CurlAsync("/%26Ti1lh1k5-?HEADER%20X-Test-Id%20curl1")).Trim());
        await CurlAsync("/%26Ti1lh1k5-", "-X", "STORE 2 +FLAGS (\\Flagged \\Deleted)");
        Assert.Equal("* SEARCH 2", (await CurlAsync("/%26Ti1lh1k5-?FLAGGED")).Trim());
        Assert.Matches(@"^\* 2 FETCH \(.*\\Flagged", await CurlAsync("/%26Ti1lh1k5-", "-X", "FETCH 2 FLAGS"));
        await CurlAsync("/%26Ti1lh1k5-", "-X", "COPY 1 INBOX");
        Assert.Contains("* 2 EXPUNGE", await CurlAsync("/%26Ti1lh1k5-", "-X", "EXPUNGE"), StringComparison.Ordinal);
        Assert.Equal("* SEARCH 1", (await CurlAsync("/%26Ti1lh1k5-?ALL")).Trim());
        Assert.Equal("* SEARCH 1", (await CurlAsync("/INBOX?ALL")).Trim());
    }

    private async Task<string> RunAsync(ClientFolder home, string user, bool startTls, string[] arguments)
    {
        string[] security = startTls ? ["--ssl-reqd"] : [];
        return (await home.RunAsync("curl", ["-sS", "--cacert", server.Certificate, "-u", $"{user}:{ClientServer.Password}", .. security, .. arguments])).MustSucceed().Output;
    }
}
