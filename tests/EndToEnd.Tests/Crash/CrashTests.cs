using System.Globalization;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// 250 means durable, and filed exactly once, whatever dies when. A SIGKILL leaves the page cache, so that these runs show atomicity and idempotence;
/// <see cref="SyncOrderTests"/> shows that what was promised is on the disk.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    /// <summary>Cycles of the main run; the long form sets more by the environment.</summary>
    private static int Cycles => int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_CRASH_CYCLES") ?? "50", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Killed_again_and_again_it_loses_and_doubles_nothing()
    {
        using var run = new CrashRun("services/AllInOne", [], offset: 21000, output, imap: true, pop3: true);

        var counts = await run.RunAsync(Cycles);

        Assert.True(counts.Accepted > Cycles, $"only {counts.Accepted} messages were accepted");
        Assert.True(counts.Changed > Cycles, $"only {counts.Changed} changes by IMAP were answered OK");
        Assert.True(counts.DeletedByPop3 > Cycles, $"only {counts.DeletedByPop3} messages were deleted by POP3");
        Assert.Equal(0, counts.Violations);
        Assert.Equal("", await run.SweepAndVerifyAsync());
    }

    [Fact]
    public async Task The_run_notices_when_repeats_are_not_recognised()
    {
        using var run = new CrashRun("tests/FaultyServer", ["--Fault=no-deduplication"], offset: 21300, output);

        Assert.True((await run.RunAsync(cycles: 60, until: c => c.Doubled > 0)).Doubled > 0);
    }

    [Fact]
    public async Task The_run_notices_when_a_change_is_answered_before_it_is_durable()
    {
        using var run = new CrashRun("tests/FaultyServer", ["--Fault=answer-before-journal"], offset: 22600, output, imap: true);

        Assert.True((await run.RunAsync(cycles: 60, until: c => c.Broken > 0)).Broken > 0);
    }

    [Fact]
    public async Task The_run_notices_when_mail_is_acknowledged_before_it_is_filed()
    {
        using var run = new CrashRun("tests/FaultyServer", ["--Fault=ack-before-filing"], offset: 21600, output);

        Assert.True((await run.RunAsync(cycles: 60, until: c => c.Lost > 0)).Lost > 0);
    }

    [Fact]
    public async Task The_run_notices_when_QUIT_is_answered_before_it_is_durable()
    {
        using var run = new CrashRun("tests/FaultyServer", ["--Fault=answer-before-journal"], offset: 19100, output, pop3: true);

        Assert.True((await run.RunAsync(cycles: 60, until: c => c.Returned > 0)).Returned > 0);
    }

    [Fact]
    public async Task The_run_notices_when_QUIT_deletes_in_two_steps()
    {
        using var run = new CrashRun("tests/FaultyServer", ["--Fault=quit-in-halves"], offset: 19400, output, pop3: true);

        Assert.True((await run.RunAsync(cycles: 150, until: c => c.Pop3Broken > 0)).Pop3Broken > 0);
    }
}
