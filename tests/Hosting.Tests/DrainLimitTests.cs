using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Hosting.Tests;

public sealed class DrainLimitTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly ApplicationLifetime lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly List<int> exits = [];
    private readonly DrainLimit limit;

    public DrainLimitTests() => limit = new(TimeSpan.FromSeconds(28), exits.Add, lifetime, time, NullLogger<DrainLimit>.Instance);

    public void Dispose() => limit.Dispose();

    [Fact]
    public async Task A_process_that_does_not_end_in_time_is_ended()
    {
        await limit.StartAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(exits);

        lifetime.StopApplication();
        time.Advance(TimeSpan.FromSeconds(27.9));
        Assert.Empty(exits);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([1], exits);
    }

    [Fact]
    public async Task One_that_has_ended_is_left_alone()
    {
        await limit.StartAsync(CancellationToken.None);
        lifetime.StopApplication();
        limit.Dispose();
        time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(exits);
    }
}
