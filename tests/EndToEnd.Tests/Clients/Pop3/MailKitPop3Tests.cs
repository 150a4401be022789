using System.Globalization;
using System.Text;
using MailKit;
using MailKit.Net.Pop3;
using MailKit.Security;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>MailKit's POP3 client, which pipelines, speaks UTF-8 and asks for languages.</summary>
[Collection(ClientCollection.Name)]
public sealed class MailKitPop3Tests(ClientServer server, ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.StartTls)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    public async Task It_logs_in_by_SCRAM_and_reads_what_was_sent(SecureSocketOptions security)
    {
        var user = await server.NewAccountAsync();
        var sent = CorpusMail.Read(output, "chinese");
        await server.AppendAsync(user, sent);
        using var client = await server.ConnectPop3Async(security);
        await client.EnableUTF8Async();
        await client.AuthenticateAsync(new SaslMechanismScramSha256(user, ClientServer.Password));

        Assert.True(client.Capabilities.HasFlag(Pop3Capabilities.Pipelining | Pop3Capabilities.UIDL | Pop3Capabilities.Top | Pop3Capabilities.ResponseCodes));
        Assert.Equal(sent.Count, client.Count);
        Assert.Equal(sent.Sum(m => m.Length), client.Size);
        Assert.Equal(sent.Select(m => m.Length), await client.GetMessageSizesAsync());
        for (var i = 0; i < sent.Count; i++)
        {
            Assert.Equal(sent[i], await OctetsAsync(await client.GetStreamAsync(i)));
            Assert.Equal(sent[i][..(sent[i].AsSpan().IndexOf("\r\n\r\n"u8) + 4)], await OctetsAsync(await client.GetStreamAsync(i, headersOnly: true)));
        }

        await client.DisconnectAsync(quit: true);
        Assert.Equal(sent, await server.InboxAsync(user));
    }

    [Fact]
    public async Task It_is_answered_in_Chinese()
    {
        var user = await server.NewAccountAsync();
        await server.AppendAsync(user, Messages(1));
        using var client = await LoginAsync(user);
        Assert.True(client.Capabilities.HasFlag(Pop3Capabilities.Lang));
        await client.DeleteMessageAsync(0);

        var languages = await client.GetLanguagesAsync();
        Assert.Contains("en", languages.Select(l => l.Language));
        Assert.Contains("中文", languages.Single(l => l.Language == "zh-CN").Description, StringComparison.Ordinal);
        await client.SetLanguageAsync("zh-CN");
        var chinese = await RefusalAsync();
        await client.SetLanguageAsync("en");
        var english = await RefusalAsync();

        Assert.Contains(chinese, c => c is >= '\u4e00' and <= '\u9fff');
        Assert.All(english, c => Assert.True(char.IsAscii(c)));

        async Task<string> RefusalAsync() => (await Assert.ThrowsAsync<Pop3CommandException>(() => client.GetStreamAsync(0))).StatusText;
    }

    [Fact]
    public async Task Another_session_is_told_that_the_maildrop_is_in_use()
    {
        var user = await server.NewAccountAsync();
        using var first = await server.ConnectPop3Async();
        await first.AuthenticateAsync(user, ClientServer.Password);

        // RFC 2449 §8.1.2. MailKit keeps the reason to itself.
        using var said = new MemoryStream();
        using (var second = await server.ConnectPop3Async(log: new ProtocolLogger(said, leaveOpen: true)))
        {
            await Assert.ThrowsAsync<AuthenticationException>(() => second.AuthenticateAsync(user, ClientServer.Password));
        }

        Assert.Contains("S: -ERR [IN-USE] ", Encoding.UTF8.GetString(said.ToArray()), StringComparison.Ordinal);

        await first.DisconnectAsync(quit: true);
        using var third = await server.ConnectPop3Async();
        await third.AuthenticateAsync(user, ClientServer.Password);
        Assert.True(third.IsAuthenticated);
    }

    [Fact]
    public async Task A_client_that_idles_hears_of_deletions_when_they_are_made_by_QUIT()
    {
        var user = await server.NewAccountAsync();
        await server.AppendAsync(user, Messages(4));
        using var watcher = await server.ConnectAsync(user);
        await watcher.Inbox.OpenAsync(FolderAccess.ReadOnly);
        using var heard = new SemaphoreSlim(0);
        var expunged = new List<int>();
        watcher.Inbox.MessageExpunged += (_, message) =>
        {
            lock (expunged)
            {
                expunged.Add(message.Index);
            }

            heard.Release();
        };
        using var done = new CancellationTokenSource();
        var idle = watcher.IdleAsync(done.Token);

        await SessionAsync(async client => await client.DeleteMessagesAsync([0, 1]), quit: false);
        await SessionAsync(
            async client =>
            {
                await client.DeleteAllMessagesAsync();
                await client.ResetAsync();
            },
            quit: true);
        await SessionAsync(async client => await client.DeleteMessagesAsync([1, 3]), quit: true);
        Assert.True(await heard.WaitAsync(Limit) && await heard.WaitAsync(Limit), "no expunge was heard of");
        await done.CancelAsync();
        await idle;

        // Those of the last session alone, whichever of them is told first.
        Assert.Contains(string.Join(' ', expunged), new[] { "1 2", "3 1" });
        var flags = await watcher.Inbox.FetchAsync(0, -1, MessageSummaryItems.Flags | MessageSummaryItems.UniqueId);
        Assert.Equal([1u, 3u], flags.Select(m => m.UniqueId.Id));
        Assert.All(flags, m => Assert.False(m.Flags!.Value.HasFlag(MessageFlags.Seen)));

        async Task SessionAsync(Func<Pop3Client, Task> work, bool quit)
        {
            using var client = await LoginAsync(user);
            await OctetsAsync(await client.GetStreamAsync(0));
            await work(client);
            await client.DisconnectAsync(quit);
        }
    }

    [Fact]
    public async Task It_downloads_a_thousand_and_deletes_every_second()
    {
        var user = await server.NewAccountAsync();
        var sent = Messages(1000);
        await server.AppendAsync(user, sent);
        IList<string> uids;
        using (var client = await LoginAsync(user))
        {
            uids = await client.GetMessageUidsAsync();
            Assert.Equal(sent.Length, uids.Distinct().Count());
            var streams = await client.GetStreamsAsync(0, sent.Length);
            for (var i = 0; i < sent.Length; i++)
            {
                Assert.Equal(sent[i], await OctetsAsync(streams[i]));
            }

            await client.DeleteMessagesAsync([.. Enumerable.Range(0, sent.Length).Where(i => i % 2 == 0)]);
            await client.DisconnectAsync(quit: true);
        }

        using var again = await LoginAsync(user);
        Assert.Equal(uids.Where((_, i) => i % 2 == 1), await again.GetMessageUidsAsync());
        Assert.Equal(sent.Where((_, i) => i % 2 == 1), await server.InboxAsync(user));
    }

    private async Task<Pop3Client> LoginAsync(string user)
    {
        await server.UntilMaildropIsFreeAsync(user);
        var client = await server.ConnectPop3Async();
        await client.EnableUTF8Async();
        await client.AuthenticateAsync(user, ClientServer.Password);
        return client;
    }

    private static byte[][] Messages(int count)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, count).Select(i => TestMessage.Create(string.Create(CultureInfo.InvariantCulture, $"popped{i}"), random))];
    }

    private static async Task<byte[]> OctetsAsync(Stream stream)
    {
        await using (stream)
        {
            using var octets = new MemoryStream();
            await stream.CopyToAsync(octets);
            return octets.ToArray();
        }
    }
}
