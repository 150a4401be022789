using System.Text;
using MailCloud.Blobs;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Append;

/// <summary>APPEND, COPY and MOVE while writes of the journal fail, before and after they are made: each that got OK was done once, and each message has its body.</summary>
public sealed class AppendInDoubtTests(DoubtfulImapServer server) : IClassFixture<DoubtfulImapServer>
{
    [Fact]
    public async Task What_got_ok_is_there_once_with_its_body()
    {
        const int rounds = 12;
        var before = DoubtfulImapServer.Faults;
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        await client.RunOkAsync("CREATE Box");
        await client.RunOkAsync("CREATE Chest");
        for (var i = 10; i < 10 + rounds; i++)
        {
            await client.RunOkAsync($"APPEND Box {{9+}}\r\nmessage{i} {{9+}}\r\nMESSAGE{i}");
            await client.RunOkAsync("SELECT Box");
            await client.RunOkAsync("MOVE 1 Chest");
            await client.RunOkAsync("COPY 1 Chest");
        }

        Assert.True(DoubtfulImapServer.Faults > before);
        var (box, chest) = Expected(rounds);
        Assert.Equal(box, await TextsAsync(user, "Box"));
        Assert.Equal(chest, await TextsAsync(user, "Chest"));
    }

    private static (List<string> Box, List<string> Chest) Expected(int rounds)
    {
        var (box, chest) = (new List<string>(), new List<string>());
        for (var i = 10; i < 10 + rounds; i++)
        {
            box.AddRange([$"message{i}", $"MESSAGE{i}"]);
            chest.AddRange([box[0], box[1]]);
            box.RemoveAt(0);
        }

        return (box, chest);
    }

    private async Task<List<string>> TextsAsync(string user, string folder)
    {
        var blobs = server.Services.GetRequiredService<IMessageBlobs>();
        var mailbox = await server.MailboxAsync(user);
        var opened = await mailbox.OpenFolderAsync(folder, claimRecent: false);
        var page = await mailbox.FetchAsync(new() { FolderId = opened!.FolderId, Uids = opened.Uids });
        var texts = new List<string>();
        foreach (var message in page.Messages)
        {
            texts.Add(Encoding.ASCII.GetString((await blobs.ReadAsync(message.Body.Name, 0, (int)message.Body.Length, CancellationToken.None)).Span));
        }

        return texts;
    }
}
