using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Two sessions of one account in its INBOX: one changes, the other watches.</summary>
internal sealed class TwoSessions : IAsyncDisposable
{
    private TwoSessions(string user, IMailboxGrain mailbox, ImapClient actor, ImapClient watcher) =>
        (User, Mailbox, Actor, Watcher) = (user, mailbox, actor, watcher);

    public string User { get; }

    /// <summary>The mailbox itself, for what no session does: mail that is delivered.</summary>
    public IMailboxGrain Mailbox { get; }

    public ImapClient Actor { get; }

    public ImapClient Watcher { get; }

    /// <summary>A new account with the messages of <see cref="SampleMail"/>, open in both; the watcher gives some commands before it selects.</summary>
    public static async Task<TwoSessions> OpenAsync(ImapServer server, params string[] watcherFirst)
    {
        var user = await server.CreateAccountAsync();
        var actor = await ImapClient.ConnectAsync(server.EndPoint, user);
        await actor.RunOkAsync("SELECT INBOX");
        var watcher = await ImapClient.ConnectAsync(server.EndPoint, user);
        foreach (var command in watcherFirst)
        {
            await watcher.RunOkAsync(command);
        }

        await watcher.RunOkAsync("SELECT INBOX");
        return new(user, await server.MailboxAsync(user), actor, watcher);
    }

    /// <summary>The actor runs a command, which must succeed, and the watcher's next NOOP tells this.</summary>
    public async Task SeesAsync(string command, params string[] told)
    {
        await Actor.RunOkAsync(command);
        Assert.Equal([.. told, "OK NOOP completed"], await Watcher.RunAsync("NOOP"));
    }

    /// <summary>The actor runs a command, which must succeed, and the watcher, who idles, is told this without asking.</summary>
    public async Task IsToldAsync(string command, params string[] told)
    {
        await Actor.RunOkAsync(command);
        foreach (var line in told)
        {
            Assert.Equal(line, await Watcher.ReadLineAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Actor.DisposeAsync();
        await Watcher.DisposeAsync();
    }
}
