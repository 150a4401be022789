using System.Text;
using MailCloud.Blobs;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class StorageFailureTests(ServerFixture fixture)
{
    private static readonly string[] Message =
        ["C MAIL FROM:<me@c.example>", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *", "C DATA", "S 354 *", "C Subject: failing", "C ", "C text", "C ."];

    [Theory]
    [InlineData(FailingAt.Write)]
    [InlineData(FailingAt.Commit)]
    [InlineData(FailingAt.Publish)]
    public async Task No_room_is_said_for_now_and_the_next_message_is_taken(FailingAt where) =>
        await RunAsync(where, where == FailingAt.Publish ? new QueueFullException(null) : new StorageFullException(new IOException("full")), "S 452 4.3.1 *");

    [Theory]
    [InlineData(FailingAt.Write)]
    [InlineData(FailingAt.Commit)]
    [InlineData(FailingAt.Publish)]
    public async Task Any_other_failure_is_doubt_without_a_word_of_what_it_was_and_the_next_message_is_taken(FailingAt where) =>
        await RunAsync(where, new InvalidOperationException("host db7 is away"), "S 451 4.3.0 local trouble, try again later");

    private async Task RunAsync(FailingAt where, Exception error, string refusal)
    {
        var failure = new NextFailure(where, error);
        var server = new PipedServer(
            fixture.Services,
            new(),
            new FailingBlobs(fixture.Services.GetRequiredService<IMessageBlobs>(), failure),
            new FailingQueue(fixture.Services.GetRequiredService<IMailQueue>(), failure));
        var before = await CountAsync();
        await server.RunAsync("192.0.2.1", [
            "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", .. Message, refusal, .. Message, "S 250 2.0.0 queued as *", "C QUIT", "S 221 *",
        ]);
        Assert.Equal(before + 1, await CountAsync());
    }

    private async Task<int> CountAsync() =>
        (await fixture.StoredAsync()).Count(s => Encoding.ASCII.GetString(s.Body).StartsWith("Subject: failing\r\n", StringComparison.Ordinal));
}
