using MailCloud.OutboundRelay.Spool;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Spool;

public sealed class ReadyDestinationsTests : IDisposable
{
    private static readonly ReadyDestination One = new(1, "one.test");
    private static readonly ReadyDestination Two = new(2, "two.test");

    private readonly ReadyDestinations ready = new(connectionsPerDestination: 2);

    [Fact]
    public async Task Destinations_come_in_turn_each_once()
    {
        ready.Hint(One);
        ready.Hint(Two);
        ready.Hint(One);

        Assert.Equal(One, await ready.TakeAsync(default));
        Assert.Equal(Two, await ready.TakeAsync(default));
        await NobodyAsync();
    }

    [Fact]
    public async Task A_hint_during_work_is_followed_when_the_work_is_done()
    {
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.Hint(One);
        await NobodyAsync();

        ready.Done(One, more: false);
        Assert.Equal(One, await ready.TakeAsync(default));
        ready.Done(One, more: false);
        await NobodyAsync();
    }

    [Fact]
    public async Task More_work_gets_more_connections_up_to_the_limit()
    {
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.HintMore(One);
        await ready.TakeAsync(default);
        ready.HintMore(One);
        await NobodyAsync();

        ready.Done(One, more: true);
        Assert.Equal(One, await ready.TakeAsync(default));
    }

    [Fact]
    public async Task What_is_not_done_goes_behind_the_others()
    {
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.Hint(Two);
        ready.Done(One, more: true);

        Assert.Equal(Two, await ready.TakeAsync(default));
        Assert.Equal(One, await ready.TakeAsync(default));
    }

    [Fact]
    public async Task What_is_put_off_comes_again_after_the_pause_once()
    {
        var time = new FakeTimeProvider();
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.PutOff(One, TimeSpan.FromSeconds(3), time);
        ready.PutOff(One, TimeSpan.FromSeconds(3), time);
        ready.Done(One, more: false);
        time.Advance(TimeSpan.FromSeconds(2));
        ready.Hint(One);
        await NobodyAsync();

        var next = ready.TakeAsync(default);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(One, await next);
        await NobodyAsync();
    }

    [Fact]
    public async Task While_it_is_put_off_no_further_connection_is_asked_for()
    {
        var time = new FakeTimeProvider();
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.HintMore(One);
        await ready.TakeAsync(default);
        ready.PutOff(One, TimeSpan.FromSeconds(1), time);
        ready.Done(One, more: false);
        ready.HintMore(One);
        await NobodyAsync();

        var next = ready.TakeAsync(default);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(One, await next);
    }

    [Fact]
    public async Task Who_has_had_a_connection_asks_again_at_once()
    {
        ready.Hint(One);
        await ready.TakeAsync(default);
        ready.HintMore(One);
        await ready.TakeAsync(default);
        ready.PutOff(One, TimeSpan.FromSeconds(1), new FakeTimeProvider());
        ready.Done(One, more: false);
        ready.Done(One, more: true);

        Assert.Equal(One, await ready.TakeAsync(default));
    }

    [Fact]
    public async Task Beyond_its_capacity_hints_are_dropped()
    {
        for (var i = 0; i < ReadyDestinations.Capacity + 1; i++)
        {
            ready.Hint(new(0, $"{i}.test"));
        }

        for (var i = 0; i < ReadyDestinations.Capacity; i++)
        {
            ready.Done(await ready.TakeAsync(default), more: false);
        }

        await NobodyAsync();
        ready.Hint(One);
        Assert.Equal(One, await ready.TakeAsync(default));
    }

    public void Dispose() => ready.Dispose();

    private async Task NobodyAsync()
    {
        using var now = new CancellationTokenSource();
        var next = ready.TakeAsync(now.Token);
        await now.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }
}
