using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>QUIT on a store that fails.</summary>
public sealed class UpdateInDoubtTests(UpdateInDoubtTests.FailingServer server) : IClassFixture<UpdateInDoubtTests.FailingServer>
{
    [Fact]
    public async Task When_nothing_could_be_written_nothing_is_removed()
    {
        var user = await server.CreateAccountAsync();
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await first.SayOkAsync("DELE 1");
        await first.SayOkAsync("DELE 2");
        await first.SayOkAsync("DELE 3");
        server.Fail(times: int.MaxValue, written: false);
        Assert.Equal("-ERR [SYS/TEMP] Try again later", await first.SayAsync("QUIT"));
        Assert.Null(await first.TryReadLineAsync());
        server.Fail(times: 0, written: false);
        await using var second = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user);
        Assert.Equal(3, (await second.ListAsync("LIST")).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_in_doubt_is_repeated_and_done_once(bool written)
    {
        var user = await server.CreateAccountAsync();
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await first.SayOkAsync("DELE 2");
        server.Fail(times: 1, written);
        Assert.Equal("+OK Goodbye, 1 messages removed", await first.SayAsync("QUIT"));
        await using var second = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user);
        Assert.Equal(2, (await second.ListAsync("LIST")).Count);
    }

    /// <summary>A server whose journal fails when a test says so.</summary>
    public sealed class FailingServer : ImapServer
    {
        private readonly Faults faults = new();

        // What fails for good is given up soon.
        protected override IEnumerable<KeyValuePair<string, string?>> Further() => [new("Cluster:Patience", "00:00:01")];

        /// <summary>The next writes of mailboxes fail, before they are made or when only the answer is missing.</summary>
        internal void Fail(int times, bool written)
        {
            lock (faults)
            {
                (faults.Times, faults.Written) = (times, written);
            }
        }

        protected override void Replace(IServiceCollection services) => services.FailAppends((journal, _) => Next(journal));

        private AppendFault Next(string journal)
        {
            lock (faults)
            {
                if (!journal.StartsWith("mailbox/", StringComparison.Ordinal) || faults.Times == 0)
                {
                    return AppendFault.None;
                }

                faults.Times--;
                return faults.Written ? AppendFault.AnswerLost : AppendFault.NotWritten;
            }
        }
    }

    private sealed class Faults
    {
        public int Times { get; set; }

        public bool Written { get; set; }
    }
}
