namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 8474: what stays the same wherever a message and a mailbox go.</summary>
public sealed class ObjectIdTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task A_message_has_its_ids_in_every_mailbox_and_is_found_by_them()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        var (email, thread) = await IdsAsync(two.Actor, 2);
        await two.Actor.RunOkAsync("CREATE Copies");
        await two.Actor.RunOkAsync("COPY 2 Copies");
        await two.Actor.RunOkAsync("SELECT Copies");
        Assert.Equal((email, thread), await IdsAsync(two.Actor, 1));
        Assert.Equal(["* SEARCH 1", "OK SEARCH completed"], await two.Actor.RunAsync($"SEARCH EMAILID {email} THREADID {thread}"));
        Assert.Equal(["* SEARCH", "OK SEARCH completed"], await two.Actor.RunAsync($"SEARCH EMAILID {email.ToUpperInvariant()}"));
        Assert.Equal(["* SEARCH 2", "OK SEARCH completed"], await two.Watcher.RunAsync($"SEARCH EMAILID {email}"));
    }

    [Fact]
    public async Task A_mailbox_keeps_its_id_under_another_name()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        var created = (await two.Actor.RunAsync("CREATE First"))[^1];
        var id = created[(created.IndexOf('(', StringComparison.Ordinal) + 1)..created.IndexOf(')', StringComparison.Ordinal)];
        await two.Actor.RunOkAsync("RENAME First Second");
        Assert.Equal([$"* STATUS \"Second\" (MAILBOXID ({id}))", "OK STATUS completed"], await two.Actor.RunAsync("STATUS Second (MAILBOXID)"));
    }

    private static async Task<(string Email, string Thread)> IdsAsync(ImapClient client, int number)
    {
        var words = (await client.RunAsync($"FETCH {number} (EMAILID THREADID)"))[0].Split('(', ')');
        return (words[2], words[4]);
    }
}
