using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Chaos;

/// <summary>
/// The cluster, any part of which may die: nothing that was promised is lost, nothing is doubled, and no session ends but those of an edge that was killed. The same run must report violations when
/// one promise is broken on purpose.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class ChaosTests(ITestOutputHelper output)
{
    /// <summary>Mail that a mailbox did not take is tried again after 10 s, a minute, 5 minutes; a maildrop is free a minute after its edge died.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    /// <summary>For a run that is broken: what is broken need not heal.</summary>
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(40);

    private static bool IsLong => Environment.GetEnvironmentVariable("MAILCLOUD_CHAOS_LONG") is not null;

    /// <summary>In the short form longer than the 30 s after which a silo that the table does not know ends: one that cannot read it must not.</summary>
    private static TimeSpan RedisAway => IsLong ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(40);

    /// <summary>In the short form until the silo is declared dead and its grains are elsewhere.</summary>
    private static TimeSpan Split => IsLong ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

    [Fact]
    public async Task Whatever_dies_nothing_is_lost_or_doubled_and_no_session_of_a_living_edge_ends()
    {
        await using var run = await ChaosRun.StartAsync(offset: 16000, output, readers: true);

        await run.UnderLoadAsync(() => DisturbAsync(run), Patience);
        var counts = await run.CountAsync(Patience);

        Assert.True(counts.Mail.Accepted > 500, $"only {counts.Mail.Accepted} messages were accepted");
        Assert.True(counts.Mail.Changed > 500, $"only {counts.Mail.Changed} changes by IMAP were answered OK");
        Assert.True(counts.Mail.DeletedByPop3 > 100, $"only {counts.Mail.DeletedByPop3} messages were deleted by POP3");
        Assert.Equal(0, counts.Violations);
        Assert.Equal("", await run.SweepAndVerifyAsync());
    }

    [Fact]
    public async Task The_run_notices_a_journal_that_ignores_its_fence()
    {
        await using var run = await StartBrokenAsync("Mailboxes", "no-fence", readers: true);

        // What a silo writes that was declared dead stands beside what others wrote: writes are lost, or there twice, or the mailbox cannot be loaded any more.
        var counts = await UntilAsync(run, c => c.Mail.Violations + c.Unreadable > 0, async stop =>
        {
            // One of them has the mailbox that gets every message, and the second has what the first had. Then its mailboxes are loaded from what stands there.
            await run.SplitAsync("mailboxes-1", TimeSpan.Zero, stop);
            await run.SplitAsync("mailboxes-2", TimeSpan.Zero, stop);
            await run.KillAsync("mailboxes-1", stop);
        });

        Assert.True(counts.Mail.Violations + counts.Unreadable > 0);
    }

    [Fact]
    public async Task The_run_notices_when_repeats_are_not_recognised()
    {
        await using var run = await StartBrokenAsync("LocalDelivery", "no-deduplication", readers: false);

        var counts = await UntilAsync(run, c => c.Mail.Doubled > 0, async stop =>
        {
            await run.KillAfterFilingAsync("local-delivery-1", stop);
            await run.KillAfterFilingAsync("local-delivery-2", stop);
        });

        Assert.True(counts.Mail.Doubled > 0);
    }

    [Fact]
    public async Task The_run_notices_when_mail_is_acknowledged_before_it_is_filed()
    {
        await using var run = await StartBrokenAsync("LocalDelivery", "ack-before-filing", readers: false);

        var counts = await UntilAsync(run, c => c.Mail.Lost > 0, stop => run.KillWorkersAsync(times: 4, stop));

        Assert.True(counts.Mail.Lost > 0);
    }

    private static async Task DisturbAsync(ChaosRun run)
    {
        foreach (var name in new[] { "smtp-ingress-1", "mailbox-access-1", "smtp-ingress-2", "mailbox-access-2", "web-1" })
        {
            await run.DisturbAsync($"kill -9 of {name}", stop => run.KillAsync(name, stop));
        }

        await run.DisturbAsync("kill -9 of a local-delivery, ten times, with mail in flight", stop => run.KillWorkersAsync(times: 10, stop));
        await run.DisturbAsync("SIGTERM and start of rabbitmq", stop => run.RestartAsync("rabbitmq", stop));
        await run.DisturbAsync("SIGTERM and start of azurite", stop => run.RestartAsync("azurite", stop));
        await run.DisturbAsync("SIGTERM and start of redis", stop => run.RestartAsync("redis", stop));
        await run.DisturbAsync("kill -9 of mailboxes-1", stop => run.KillAsync("mailboxes-1", stop));
        await run.DisturbAsync("kill -9 of mailboxes-2", stop => run.KillAsync("mailboxes-2", stop));
        await run.DisturbAsync("SIGSTOP and SIGCONT of mailboxes-1", stop => run.SplitAsync("mailboxes-1", Split, stop));
        await run.DisturbAsync("redis emptied", run.EmptyRedisAsync);
        await run.DisturbAsync($"redis away for {RedisAway.TotalSeconds} s, mailboxes-2 killed meanwhile", stop => run.WithoutRedisAsync("mailboxes-2", RedisAway, stop));
    }

    private Task<ChaosRun> StartBrokenAsync(string service, string fault, bool readers) => ChaosRun.StartAsync(offset: 17000, output, readers, (service, fault));

    /// <summary>Events under load and a count, at most six times, until what is waited for is seen.</summary>
    private static async Task<ChaosCounts> UntilAsync(ChaosRun run, Func<ChaosCounts, bool> seen, Func<CancellationToken, Task> events)
    {
        ChaosCounts counts;
        var rounds = 6; // Most often one shows it.
        do
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            await run.UnderLoadAsync(() => UpToAsync(events, limit.Token), ShortPatience);
            counts = await run.CountAsync(ShortPatience);
        }
        while (!seen(counts) && --rounds > 0);
        return counts;
    }

    /// <summary>Events wait for writes to every mailbox, and one that was broken takes none any more: the count says so then.</summary>
    private static async Task UpToAsync(Func<CancellationToken, Task> events, CancellationToken limit)
    {
        try
        {
            await events(limit);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
        }
    }
}
