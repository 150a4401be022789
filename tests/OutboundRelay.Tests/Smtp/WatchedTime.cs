using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>A clock that the test moves, and that tells of each wait as it begins: a test then lets just that time pass.</summary>
internal sealed class WatchedTime : TimeProvider
{
    private readonly FakeTimeProvider clock = new();
    private readonly Channel<TimeSpan> waits = Channel.CreateUnbounded<TimeSpan>();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new WatchedTimer(this, clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until somebody waits for this long, to the second, and lets the time pass.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await waits.Reader.ReadAsync(limit.Token) is var begun && (begun < wait || begun >= wait + TimeSpan.FromSeconds(1)))
        {
        }

        clock.Advance(wait + TimeSpan.FromSeconds(1));
    }

    public void Advance(TimeSpan time) => clock.Advance(time);

    private sealed class WatchedTimer(WatchedTime owner, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            if (dueTime > TimeSpan.Zero)
            {
                owner.waits.Writer.TryWrite(dueTime);
            }

            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
