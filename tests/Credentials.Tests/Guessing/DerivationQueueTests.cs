using System.Net;
using MailCloud.Credentials.Guessing;

namespace MailCloud.Credentials.Tests.Guessing;

public sealed class DerivationQueueTests
{
    private static readonly IPNetwork Crowd = IPNetwork.Parse("203.0.113.1/32");
    private static readonly IPNetwork Lone = IPNetwork.Parse("192.0.2.1/32");

    [Fact]
    public async Task So_many_run_at_once_and_the_next_when_one_ends()
    {
        var queue = new DerivationQueue(atOnce: 2, room: 10);
        var first = await queue.EnterAsync(Crowd, false, default);
        var second = await queue.EnterAsync(Crowd, false, default);
        var third = queue.EnterAsync(Crowd, false, default);
        Assert.False(third.IsCompleted);
        first!.Dispose();
        (await third)!.Dispose();
        second!.Dispose();
        Assert.True(queue.EnterAsync(Crowd, false, default).IsCompletedSuccessfully);
        Assert.True(queue.EnterAsync(Crowd, false, default).IsCompletedSuccessfully);
        Assert.False(queue.EnterAsync(Crowd, false, default).IsCompleted);
    }

    [Fact]
    public async Task Who_finds_the_room_full_does_not_wait_and_trusted_ones_have_their_own()
    {
        var queue = new DerivationQueue(atOnce: 1, room: 1);
        using var running = await queue.EnterAsync(Crowd, false, default);
        var waiting = queue.EnterAsync(Crowd, false, default);
        Assert.Null(await queue.EnterAsync(Lone, false, default));
        Assert.False(queue.EnterAsync(Lone, true, default).IsCompleted);
        Assert.Null(await queue.EnterAsync(Lone, true, default));
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task A_crowd_does_not_keep_another_network_waiting()
    {
        var (order, tasks) = await QueueUpAsync(
            [("crowd1", Crowd, false), ("crowd2", Crowd, false), ("crowd3", Crowd, false), ("lone", Lone, false)]);
        await Task.WhenAll(tasks);
        Assert.Equal(["crowd1", "lone", "crowd2", "crowd3"], order);
    }

    [Fact]
    public async Task Trusted_ones_go_first()
    {
        var (order, tasks) = await QueueUpAsync([("stranger", Crowd, false), ("owner", Lone, true)]);
        await Task.WhenAll(tasks);
        Assert.Equal(["owner", "stranger"], order);
    }

    [Fact]
    public async Task Who_has_left_is_passed_over()
    {
        var queue = new DerivationQueue(atOnce: 1, room: 10);
        var running = await queue.EnterAsync(Crowd, false, default);
        using var left = new CancellationTokenSource();
        var gone = queue.EnterAsync(Crowd, false, left.Token);
        var next = queue.EnterAsync(Crowd, false, default);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.False(next.IsCompleted);
        running!.Dispose();
        Assert.NotNull(await next);
    }

    /// <summary>Lets all of them wait behind one that then ends; the order in which they had their turns.</summary>
    private static async Task<(List<string> Order, List<Task> Tasks)> QueueUpAsync((string Name, IPNetwork Network, bool IsTrusted)[] waiters)
    {
        var queue = new DerivationQueue(atOnce: 1, room: 10);
        var order = new List<string>();
        var running = await queue.EnterAsync(Crowd, false, default);
        var tasks = waiters.Select(w => RunAsync(w.Name, queue.EnterAsync(w.Network, w.IsTrusted, default))).ToList();
        running!.Dispose();
        return (order, tasks);

        async Task RunAsync(string name, Task<IDisposable?> turn)
        {
            // One at a time: nobody else writes to the list meanwhile.
            using var mine = await turn;
            order.Add(name);
        }
    }
}
