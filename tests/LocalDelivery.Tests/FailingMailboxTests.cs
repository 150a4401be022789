using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>A mailbox that fails, as one whose silo is lost does for seconds.</summary>
public sealed class FailingMailboxTests : DeliveryHost
{
    private readonly Faults faults = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_fails_for_seconds_is_filed_once_and_nothing_waits_in_the_spool(bool written)
    {
        var message = await AcceptAsync(To(Bob));
        (faults.Written, faults.Until) = (written, Time.GetUtcNow() + TimeSpan.FromSeconds(10));

        await PassTimeAsync(DeliverAsync(message));

        Assert.Single(await InboxAsync(Bob));
        Assert.Empty(await WaitingAsync());
    }

    [Fact]
    public async Task What_goes_on_failing_waits_in_the_spool()
    {
        var message = await AcceptAsync(To(Bob));
        faults.Until = DateTimeOffset.MaxValue;

        await PassTimeAsync(DeliverAsync(message));

        faults.Until = DateTimeOffset.MinValue;
        Assert.Empty(await InboxAsync(Bob));
        Assert.Single(await WaitingAsync());
    }

    protected override void Replace(IServiceCollection services) => services.FailAppends((journal, _) =>
        journal != $"mailbox/{Bob.Value}" || Time.GetUtcNow() >= faults.Until ? AppendFault.None
        : faults.Written ? AppendFault.AnswerLost
        : AppendFault.NotWritten);

    private Task<IReadOnlyList<SpoolEntry>> WaitingAsync() => Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync(SpoolFilter.Everything, "", 10);

    // The clock goes on, with room for what runs between.
    private async Task PassTimeAsync(Task delivery)
    {
        while (!delivery.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(200));
            await Task.WhenAny(delivery, Task.Delay(5));
        }

        await delivery;
    }

    private sealed class Faults
    {
        /// <summary>Bob's mailbox fails before this moment.</summary>
        public DateTimeOffset Until { get; set; }

        /// <summary>What fails was written: only the answer is lost.</summary>
        public bool Written { get; set; }
    }
}
