using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace MailCloud.Cluster.Tests;

public sealed class GrainCallsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly GrainCalls calls;
    private int attempts;

    public GrainCallsTests() => calls = new(Patience, time, stopping.Token);

    public void Dispose() => stopping.Dispose();

    [Fact]
    public async Task A_call_that_fails_while_its_silo_is_lost_is_repeated_until_it_is_answered()
    {
        var dead = time.GetUtcNow() + TimeSpan.FromSeconds(12);
        var answer = calls.CallAsync(() => time.GetUtcNow() < dead ? Fail(new SiloUnavailableException()) : Task.FromResult(++attempts), default);

        var counted = await PassTimeAsync(answer.AsTask());
        Assert.Equal(attempts, counted);
        Assert.True(attempts > 5, $"{attempts} attempts in 12 s");
    }

    [Fact]
    public async Task A_call_that_is_not_answered_is_repeated()
    {
        var answer = calls.CallAsync(() => ++attempts == 1 ? new TaskCompletionSource<int>().Task : Task.FromResult(attempts), default);
        Assert.Equal(2, await PassTimeAsync(answer.AsTask()));
    }

    [Fact]
    public async Task Patience_ends()
    {
        var started = time.GetUtcNow();
        var call = calls.CallAsync(() => Fail(new SiloUnavailableException("gone")), default).AsTask();
        var e = await Assert.ThrowsAsync<GrainUnavailableException>(() => PassTimeAsync(call));
        Assert.IsType<SiloUnavailableException>(e.InnerException);
        Assert.True(time.GetUtcNow() - started >= Patience);
    }

    [Fact]
    public async Task Calls_that_share_their_patience_wait_once()
    {
        var shared = calls.NewPatience();
        await Assert.ThrowsAsync<GrainUnavailableException>(() => PassTimeAsync(calls.CallAsync(() => Fail(new TimeoutException()), shared, default).AsTask()));

        // No time passes any more: each is tried once, and an answer is an answer.
        attempts = 0;
        await Assert.ThrowsAsync<GrainUnavailableException>(() => calls.CallAsync(() => Fail(new TimeoutException()), shared, default).AsTask());
        Assert.Equal(1, attempts);
        Assert.Equal(7, await calls.CallAsync(() => Task.FromResult(7), shared, default));
    }

    [Fact]
    public async Task An_error_of_the_program_is_not_waited_for()
    {
        var started = time.GetUtcNow();
        await Assert.ThrowsAsync<GrainUnavailableException>(() => PassTimeAsync(calls.CallAsync(() => Fail(new ArgumentException("always")), default).AsTask()));
        Assert.Equal(3, attempts);
        Assert.True(time.GetUtcNow() - started < Patience);
    }

    [Fact]
    public async Task A_client_that_goes_ends_the_wait()
    {
        using var gone = new CancellationTokenSource();
        var call = calls.CallAsync(() => Fail(new SiloUnavailableException()), gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task The_end_of_the_process_ends_the_wait_and_leaves_running_calls_alone()
    {
        var running = new TaskCompletionSource<int>();
        var answered = calls.CallAsync(() => running.Task, default).AsTask();
        var waiting = calls.CallAsync(() => Fail(new SiloUnavailableException()), default).AsTask();
        await stopping.CancelAsync();
        await Assert.ThrowsAsync<GrainUnavailableException>(() => waiting);
        running.SetResult(7);
        Assert.Equal(7, await answered);
    }

    [Fact]
    public async Task Calls_without_a_result_are_repeated_too()
    {
        var call = calls.CallAsync(() => ++attempts < 3 ? Task.FromException(new SiloUnavailableException()) : Task.CompletedTask, default).AsTask();
        await PassTimeAsync(Wrap(call));
        Assert.Equal(3, attempts);

        static async Task<int> Wrap(Task task)
        {
            await task;
            return 0;
        }
    }

    [Fact]
    public void The_loss_of_a_silo_is_told_and_the_gain_of_one_is_not()
    {
        var gateways = new GatewayCount();
        var first = gateways.NextLoss;
        gateways.NotifyGatewayCountChanged(2, 1, connectionRecovered: false);
        Assert.False(first.IsCompleted);
        gateways.NotifyGatewayCountChanged(1, 2, connectionRecovered: false);
        Assert.True(first.IsCompleted);
        Assert.False(gateways.NextLoss.IsCompleted);
        Assert.Equal(1, gateways.Connected);
    }

    private Task<int> Fail(Exception e)
    {
        attempts++;
        return Task.FromException<int>(e);
    }

    // The clock goes on, with room for what runs between, until the call is over.
    private async Task<int> PassTimeAsync(Task<int> call)
    {
        while (!call.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(call, Task.Delay(1));
        }

        return await call;
    }
}
