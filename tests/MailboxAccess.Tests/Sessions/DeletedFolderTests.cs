namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 2180 §3.3: what becomes of a session whose mailbox another one deletes.</summary>
public sealed class DeletedFolderTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task What_its_next_command_does_is_answered_before_it_ends()
    {
        await using var two = await SelectAndDeleteAsync(idle: false);
        var lines = await two.Watcher.RunAsync("APPEND INBOX {14+}\r\nSubject: x\r\n\r\n");
        Assert.Equal("* BYE The selected mailbox was deleted", lines[0]);
        Assert.StartsWith("OK [APPENDUID ", lines[1], StringComparison.Ordinal);
        await Assert.ThrowsAsync<EndOfStreamException>(two.Watcher.ReadLineAsync);
        Assert.Contains("* 4 EXISTS", await two.Actor.RunAsync("NOOP"));
    }

    [Fact]
    public async Task A_command_that_needs_it_is_refused()
    {
        await using var two = await SelectAndDeleteAsync(idle: false);
        var lines = await two.Watcher.RunAsync("COPY 1 INBOX");
        Assert.Equal("* BYE The selected mailbox was deleted", lines[0]);
        Assert.StartsWith("NO ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_idles_in_it_is_told_at_once()
    {
        await using var two = await SelectAndDeleteAsync(idle: true);
        Assert.Equal("* BYE The selected mailbox was deleted", await two.Watcher.ReadLineAsync());
    }

    private async Task<TwoSessions> SelectAndDeleteAsync(bool idle)
    {
        var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Lost");
        await two.Actor.RunOkAsync("COPY 1 Lost");
        await two.Watcher.RunOkAsync("SELECT Lost");
        if (idle)
        {
            await two.Watcher.IdleAsync();
        }

        await two.Actor.RunOkAsync("DELETE Lost");
        return two;
    }
}
