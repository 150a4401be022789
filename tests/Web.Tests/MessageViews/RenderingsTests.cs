using MailCloud.Messages;
using MailCloud.Web.MessageViews;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Web.Tests.MessageViews;

/// <summary>Who gets a turn to render a message, and who is told to come again.</summary>
public sealed class RenderingsTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly Renderings renderings;
    private readonly TaskCompletionSource<string> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;

    public RenderingsTests() => renderings = new(time);

    public void Dispose() => renderings.Dispose();

    [Fact]
    public async Task So_many_run_and_the_others_wait_for_their_turn()
    {
        var started = Enumerable.Range(0, Renderings.MaxAtOnce + 1).Select(i => StartAsync(i)).ToList();
        Assert.Equal(Renderings.MaxAtOnce, running);
        end.SetResult("done");
        Assert.All(await Task.WhenAll(started), result => Assert.Equal("done", result));
        Assert.Equal(Renderings.MaxAtOnce + 1, running);
    }

    [Fact]
    public async Task Beyond_those_that_may_wait_nobody_waits()
    {
        var started = Enumerable.Range(0, Renderings.MaxInside).Select(i => StartAsync(i)).ToList();
        Assert.Null(await StartAsync(Renderings.MaxInside));
        end.SetResult("done");
        Assert.All(await Task.WhenAll(started), result => Assert.Equal("done", result));
        Assert.Equal("done", await StartAsync(Renderings.MaxInside));
    }

    [Fact]
    public async Task One_account_takes_no_more_than_its_share()
    {
        var started = Enumerable.Range(0, Renderings.MaxOfAccount).Select(_ => StartAsync(0)).ToList();
        Assert.Null(await StartAsync(0));
        var other = StartAsync(1);
        end.SetResult("done");
        Assert.Equal("done", await other);
        await Task.WhenAll(started);
        Assert.Equal("done", await StartAsync(0));
    }

    [Fact]
    public async Task A_turn_that_does_not_come_in_time_is_given_up()
    {
        var started = Enumerable.Range(0, Renderings.MaxAtOnce).Select(i => renderings.RunAsync(OfNumber(i), _ => end.Task, default)).ToList();
        var late = StartAsync(Renderings.MaxAtOnce);
        time.Advance(Renderings.Limit);
        Assert.Null(await late);
        end.SetResult("done");
        await Task.WhenAll(started);
        Assert.Equal("done", await StartAsync(0));
    }

    [Fact]
    public async Task What_fails_gives_its_place_back()
    {
        for (var i = 0; i <= Renderings.MaxInside; i++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => renderings.RunAsync<string>(OfNumber(0), _ => throw new InvalidOperationException(), default));
        }

        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => renderings.RunAsync(OfNumber(0), _ => end.Task, gone.Token));
        end.SetResult("done");
        Assert.Equal("done", await StartAsync(0));
    }

    private Task<string?> StartAsync(int account) => renderings.RunAsync<string>(
        OfNumber(account),
        _ =>
        {
            Interlocked.Increment(ref running);
            return end.Task;
        },
        default);

    private static AccountId OfNumber(int number) => new($"demo/{number}");
}
