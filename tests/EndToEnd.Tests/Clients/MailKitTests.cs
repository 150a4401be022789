using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>MailKit: it waits with IDLE, and it compresses.</summary>
[Collection(ClientCollection.Name)]
public sealed class MailKitTests(ClientServer server)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_idles_hears_of_a_delivery_a_flag_and_an_expunge(bool quickResync)
    {
        var user = await server.NewAccountAsync();
        using var watcher = await server.ConnectAsync(user);
        if (quickResync)
        {
            await watcher.EnableQuickResyncAsync();
        }

        await watcher.Inbox.OpenAsync(FolderAccess.ReadOnly);
        using var heard = new SemaphoreSlim(0);
        var news = new List<string>();
        void Hear(string what)
        {
            lock (news)
            {
                news.Add(what);
            }

            heard.Release();
        }

        watcher.Inbox.CountChanged += (_, _) => Hear($"{watcher.Inbox.Count} messages");
        watcher.Inbox.MessageFlagsChanged += (_, changed) => Hear($"flags {AccountContents.Text(changed.Flags)}");
        watcher.Inbox.MessageExpunged += (_, _) => Hear("expunged");
        watcher.Inbox.MessagesVanished += (_, vanished) => Hear($"vanished {vanished.UniqueIds[0]}");
        using var done = new CancellationTokenSource();
        var idle = watcher.IdleAsync(done.Token);
        using var other = await server.ConnectAsync(user);

        await DeliverAsync(user);
        await HeardAsync("1 messages");
        await other.Inbox.OpenAsync(FolderAccess.ReadWrite);
        await other.Inbox.StoreAsync([new UniqueId(1)], new StoreFlagsRequest(StoreAction.Set, MessageFlags.Flagged | MessageFlags.Deleted));
        await HeardAsync("flags FT");
        await other.Inbox.ExpungeAsync();
        await HeardAsync(quickResync ? "vanished 1" : "expunged");

        Assert.False(idle.IsCompleted);
        await done.CancelAsync();
        await idle;
        Assert.Empty(watcher.Inbox);
        await watcher.DisconnectAsync(quit: true);
        await other.DisconnectAsync(quit: true);

        async Task HeardAsync(string what)
        {
            while (true)
            {
                lock (news)
                {
                    if (news.Contains(what))
                    {
                        return;
                    }
                }

                Assert.True(await heard.WaitAsync(Limit), $"{what} was not heard, only: {string.Join(", ", news)}");
            }
        }
    }

    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.StartTls)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    public async Task What_goes_through_a_compressed_connection_comes_out_of_it(SecureSocketOptions security)
    {
        var user = await server.NewAccountAsync();
        var random = new Random(7);
        using var client = await server.ConnectAsync(user, security);
        Assert.True(client.Capabilities.HasFlag(ImapCapabilities.Compress));
        await client.CompressAsync();
        await client.Inbox.OpenAsync(FolderAccess.ReadWrite);
        var sent = Enumerable.Range(0, 20).Select(i => TestMessage.Create($"compressed{i}", random)).ToArray();
        foreach (var octets in sent)
        {
            using var stream = new MemoryStream(octets);
            using var message = await MimeMessage.LoadAsync(stream);
            await client.Inbox.AppendAsync(new AppendRequest(message));
        }

        await client.NoOpAsync();
        var summaries = await client.Inbox.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Envelope | MessageSummaryItems.BodyStructure);
        Assert.Equal(sent.Length, summaries.Count);
        foreach (var (octets, summary) in sent.Zip(summaries))
        {
            Assert.Equal(octets, await AccountContents.OctetsAsync(client.Inbox, summary.UniqueId));
        }

        await client.DisconnectAsync(quit: true);
    }

    private async Task DeliverAsync(string user)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", server.Process.Smtp, SecureSocketOptions.None);
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("", "someone@example.org")], [new MailboxAddress("", user)], "news", new TextPart("plain") { Text = "It came." }));
        await client.DisconnectAsync(quit: true);
    }
}
