using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// Kills a server at random moments under load from several senders and, with <paramref name="imap"/> and <paramref name="pop3"/>, from IMAP clients that change some of the same mailboxes and POP3 clients
/// that delete from them, again and again on the same data, and counts what its mailboxes hold.
/// </summary>
internal sealed class CrashRun(string project, string[] arguments, int offset, ITestOutputHelper output, bool imap = false, bool pop3 = false) : IDisposable
{
    private readonly string data = ServerProcess.NewDataDirectory();
    private readonly Random random = new(20261124);
    private readonly Load load = new(imap, pop3);

    /// <summary>Runs cycles until there are enough, or until what is waited for is seen.</summary>
    public async Task<CrashCounts> RunAsync(int cycles, Func<CrashCounts, bool>? until = null)
    {
        await using (var first = await StartAsync())
        {
            await Accounts.ImportAsync(first, Load.Accounts);
        }

        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            await CycleAsync();
            if (until is not null && cycle % 3 == 0 && await CountAtRestAsync() is var early && until(early))
            {
                return early;
            }
        }

        return await CountAtRestAsync();
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    /// <summary>After a sweep without a grace, verification finds nothing wrong.</summary>
    public async Task<string> SweepAndVerifyAsync()
    {
        await using var server = await StartAsync();
        await DrainedAsync(server);
        await Upkeep.SweepAsync(server);
        return await Upkeep.VerifyAsync(server);
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(data, offset, project, [.. arguments, .. ServerProcess.NoRateLimits]);

    private async Task CycleAsync()
    {
        await using var server = await StartAsync();
        using var stop = new CancellationTokenSource();
        await CheckClientsAsync(server);
        var changes = load.Changers.Select(c => c.RunAsync(server.Imap, stop.Token)).ToArray();
        var senders = load.Senders.Select(s => s.RunAsync(server.Smtp, stop.Token)).ToArray();
        await load.CheckUidsAsync(server.Imap, 1 + random.Next(Load.Mailboxes), CancellationToken.None);

        // Not before: nothing must go from a mailbox while it is read.
        var retrievals = load.Retrievers.Select(r => r.RunAsync(server.Pop3, stop.Token)).ToArray();
        await Task.Delay(random.Next(50, 700), CancellationToken.None);
        server.Kill();
        await stop.CancelAsync();
        await Task.WhenAll([.. senders, .. changes, .. retrievals]);
    }

    private async Task<CrashCounts> CountAtRestAsync()
    {
        await using var server = await StartAsync();
        await DrainedAsync(server);
        var mailboxes = new Dictionary<int, IReadOnlyList<string>>();
        for (var mailbox = 1; mailbox <= Load.Mailboxes; mailbox++)
        {
            mailboxes[mailbox] = await load.CheckUidsAsync(server.Imap, mailbox, CancellationToken.None);
        }

        await CheckClientsAsync(server);
        var counts = load.Count(mailboxes);
        foreach (var violation in load.Violations)
        {
            output.WriteLine(violation);
        }

        output.WriteLine(counts.ToString());
        return counts;
    }

    private Task CheckClientsAsync(ServerProcess server) => Task.WhenAll(
        [.. load.Changers.Select(c => c.CheckAsync(server.Imap, CancellationToken.None)), .. load.Retrievers.Select(r => r.CheckAsync(server.Pop3, CancellationToken.None))]);

    private static async Task DrainedAsync(ServerProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await Upkeep.QueueDepthAsync(server) > 0)
        {
            await Task.Delay(100, limit.Token);
        }
    }
}
