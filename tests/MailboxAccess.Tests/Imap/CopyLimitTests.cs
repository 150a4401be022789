using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>COPY and MOVE of more than one step of the mailbox takes.</summary>
public sealed class CopyLimitTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task As_many_as_the_limit_go_and_more_are_refused_whole()
    {
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());
        await client.RunOkAsync("SELECT INBOX");
        await client.RunOkAsync("CREATE Box");
        for (var count = SampleMail.All.Count; count <= CopyRequest.MaxMessages; count *= 2)
        {
            await client.RunOkAsync("COPY 1:* INBOX");
        }

        Assert.Equal("NO [LIMIT] Too many messages at once", (await client.RunAsync("COPY 1:* Box"))[^1]);
        Assert.Equal("NO [LIMIT] Too many messages at once", (await client.RunAsync("MOVE 1:* Box"))[^1]);
        Assert.Contains("* STATUS \"Box\" (MESSAGES 0)", await client.RunOkAsync("STATUS Box (MESSAGES)"));
        Assert.Equal(CopyRequest.MaxMessages + 2, (await client.RunOkAsync($"MOVE 1:{CopyRequest.MaxMessages} Box")).Count);
        Assert.Contains($"* STATUS \"Box\" (MESSAGES {CopyRequest.MaxMessages})", await client.RunOkAsync("STATUS Box (MESSAGES)"));
    }
}
