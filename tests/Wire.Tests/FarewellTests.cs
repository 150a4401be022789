using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Wire.Tests;

public sealed class FarewellTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource stopping = new();

    public void Dispose() => stopping.Dispose();

    [Fact]
    public async Task Sessions_go_one_after_the_other_and_none_before_the_grace_period_is_over()
    {
        const int Sessions = 2000;
        var farewells = Enumerable.Range(0, Sessions).Select(_ => Farewell.Spread(() => Sessions, time, stopping.Token)).ToList();
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, Gone(farewells));
        await stopping.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(0, Gone(farewells));

        // 2,000 at 200 a second: about half of them after half of the ten seconds.
        time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.InRange(Gone(farewells), Sessions / 4, Sessions * 3 / 4);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Sessions, Gone(farewells));
    }

    [Fact]
    public async Task However_many_there_are_all_go_in_time()
    {
        var farewells = Enumerable.Range(0, 100).Select(_ => Farewell.Spread(() => 1_000_000, time, stopping.Token)).ToList();
        await stopping.CancelAsync();
        time.Advance(Farewell.Latest);
        Assert.Equal(100, Gone(farewells));
    }

    [Fact]
    public async Task Who_may_finish_has_until_the_last_moment()
    {
        using var farewell = Farewell.AtLast(time, stopping.Token);
        await stopping.CancelAsync();
        time.Advance(Farewell.Latest - TimeSpan.FromSeconds(1));
        Assert.False(farewell.Token.IsCancellationRequested);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(farewell.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task A_session_that_is_over_is_not_told()
    {
        var farewell = Farewell.AtLast(time, stopping.Token);
        farewell.Dispose();
        await stopping.CancelAsync();
        time.Advance(Farewell.Latest);
    }

    private static int Gone(List<Farewell> farewells) => farewells.Count(farewell => farewell.Token.IsCancellationRequested);
}
