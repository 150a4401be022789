using System.Text.Json.Nodes;
using MailCloud.EndToEnd.Tests.Clients;
using MailKit;
using MailKit.Net.Imap;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>What became of Emails by one change.</summary>
internal sealed record HeardChanges(string[] Created, string[] Updated, string[] Destroyed);

/// <summary>Clients of one account that wait to be told: an event source, a WebSocket and an IMAP session that idles.</summary>
internal sealed class Watchers : IAsyncDisposable
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(30);

    private readonly ImapClient imap;
    private readonly EventStream events;
    private readonly SocketStream socket;
    private readonly CancellationTokenSource done = new();
    private readonly SemaphoreSlim heard = new(0);
    private readonly List<string> news = [];
    private readonly Task idle;
    private string state;

    private Watchers(JmapSession session, ImapClient imap, EventStream events, SocketStream socket, string state)
    {
        (Session, this.imap, this.events, this.socket, this.state) = (session, imap, events, socket, state);
        imap.Inbox.CountChanged += (_, _) => Hear($"{imap.Inbox.Count} messages");
        imap.Inbox.MessageFlagsChanged += (_, changed) => Hear($"flags {changed.Flags & ~MessageFlags.Recent}");
        imap.Inbox.MessageExpunged += (_, _) => Hear("expunged");
        idle = imap.IdleAsync(done.Token);
    }

    public JmapSession Session { get; }

    public static async Task<Watchers> OpenAsync(ClientServer server, string user)
    {
        var session = await JmapSession.OpenAsync(server.Process, user, ClientServer.Password);
        var imap = await server.ConnectAsync(user);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var state = (await session.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!.GetValue<string>();
        return new(session, imap, await EventStream.OpenAsync(session), await SocketStream.OpenAsync(session), state);
    }

    /// <summary>Makes one change, waits until all have been told of it, and asks what it was.</summary>
    public async Task<HeardChanges> HearAsync(Func<Task> change, string idle)
    {
        await change();
        var told = await events.UntilAsync(Session.Account, "Email", unlike: state);
        Assert.Equal(told, await socket.UntilAsync(Session.Account, "Email", unlike: state));
        while (!TryTake(idle))
        {
            Assert.True(await heard.WaitAsync(limit), $"the session that idles did not hear '{idle}' but {string.Join(", ", news)}");
        }

        var changes = await Session.CallAsync("Email/changes", new() { ["sinceState"] = state });
        Assert.Equal(told, changes["newState"]!.GetValue<string>());
        state = told;
        return new(Ids(changes, "created"), Ids(changes, "updated"), Ids(changes, "destroyed"));
    }

    public async Task SetAsync(string what, JsonNode arguments)
    {
        var answer = await Session.CallAsync("Email/set", new() { [what] = arguments });
        Assert.True(answer[what == "update" ? "updated" : "destroyed"] is not null, answer.ToJsonString());
    }

    /// <summary>Puts a message into INBOX.</summary>
    public async Task MakeAsync()
    {
        var found = await Session.CallAsync("Mailbox/query", new() { ["filter"] = new JsonObject { ["role"] = "inbox" } });
        var email = new JsonObject
        {
            ["mailboxIds"] = new JsonObject { [found["ids"]![0]!.GetValue<string>()] = true },
            ["subject"] = "made",
            ["bodyStructure"] = new JsonObject { ["partId"] = "1", ["type"] = "text/plain" },
            ["bodyValues"] = new JsonObject { ["1"] = new JsonObject { ["value"] = "text" } },
        };
        var answer = await Session.CallAsync("Email/set", new() { ["create"] = new JsonObject { ["new"] = email } });
        Assert.True(answer["created"]?["new"] is not null, answer.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await idle.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        imap.Dispose();
        await events.DisposeAsync();
        socket.Dispose();
        Session.Dispose();
        done.Dispose();
        heard.Dispose();
    }

    private void Hear(string what)
    {
        lock (news)
        {
            news.Add(what);
        }

        heard.Release();
    }

    private bool TryTake(string what)
    {
        lock (news)
        {
            return news.Remove(what);
        }
    }

    private static string[] Ids(JsonObject changes, string which) => [.. changes[which]!.AsArray().Select(id => id!.GetValue<string>())];
}
