using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
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

    protected override void Replace(IServiceCollection services)
    {
        var real = services.Last(service => service.ServiceType == typeof(IJournal));
        services.AddSingleton<IJournal>(provider => new FailingJournal((IJournal)ActivatorUtilities.CreateInstance(provider, real.ImplementationType!), faults, Time));
    }

    private Task<IReadOnlyList<SpoolEntry>> WaitingAsync() => Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync("", 10);

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

    private sealed class FailingJournal(IJournal inner, Faults faults, TimeProvider time) : IJournal
    {
        public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

        public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

        public async ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
        {
            var fails = journal == $"mailbox/{Bob.Value}" && time.GetUtcNow() < faults.Until;
            if (fails && !faults.Written)
            {
                throw new IOException("the store did not take the write");
            }

            var appended = await inner.AppendAsync(journal, head, events, cancellationToken);
            return fails ? throw new TimeoutException("the store took the write, and its answer was lost") : appended;
        }

        public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
            inner.ReplaceAsync(journal, head, manifest, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
    }
}
