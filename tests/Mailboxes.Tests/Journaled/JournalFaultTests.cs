using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Testing;

namespace MailCloud.Mailboxes.Tests.Journaled;

/// <summary>The promise of the journaled grain: whatever half of the writes do, nothing is lost, doubled or given twice.</summary>
public sealed class JournalFaultTests
{
    private const string Account = "demo/faults";

    [Fact]
    public async Task A_store_that_fails_half_of_its_writes_makes_no_bad_state()
    {
        const int Rounds = 30;
        const int Concurrent = 100;
        FaultyJournal faulty = null!;
        await using var silo = await TestSilo.StartAsync(journal => faulty = new FaultyJournal(journal, seed: 5321));
        using var measured = new MeasuredValues(silo.Services, "mailcloud.journal.");
        await silo.Mailbox(Account).CreateAsync(new());
        faulty.Failing = true;

        var deliveries = new List<DeliveryId>();
        for (var round = 0; round < Rounds; round++)
        {
            var requests = Enumerable.Range(0, Concurrent).Select(_ => Mail.For(Account)).ToArray();
            deliveries.AddRange(requests.Select(r => r.Delivery));
            var outcomes = await Task.WhenAll(requests.Select(r => UntilAnsweredAsync(silo, r)));
            Assert.All(outcomes, o => Assert.True(o.Result is FilingResult.Filed or FilingResult.AlreadyFiled));
        }

        faulty.Failing = false;
        Assert.True(faulty.Faults > 15, $"only {faulty.Faults} faults happened");
        var doubts = measured.Read();
        Assert.Equal(["mailcloud.journal.doubts mailbox conflict", "mailcloud.journal.doubts mailbox error"], doubts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(faulty.Faults, doubts.Values.Sum());
        await AssertFiledOnceAsync(silo.Mailbox(Account), deliveries);
        await silo.ForgetAsync();
        await AssertFiledOnceAsync(silo.Mailbox(Account), deliveries);
    }

    [Fact]
    public async Task Seals_that_fail_at_any_blob_make_no_bad_state()
    {
        FaultyBlobs faulty = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => faulty = new FaultyBlobs(blobs, seed: 3501));
        await silo.Mailbox(Account).CreateAsync(new());
        faulty.Failing = true;

        var deliveries = new List<DeliveryId>();
        for (var round = 0; round < 60; round++)
        {
            var requests = Enumerable.Range(0, 100).Select(_ => Mail.For(Account)).ToArray();
            deliveries.AddRange(requests.Select(r => r.Delivery));
            await Task.WhenAll(requests.Select(r => UntilAnsweredAsync(silo, r)));
        }

        faulty.Failing = false;
        Assert.True(faulty.Faults > 5, $"only {faulty.Faults} faults happened");
        await AssertFiledOnceAsync(silo.Mailbox(Account), deliveries);
        await silo.ForgetAsync();
        await AssertFiledOnceAsync(silo.Mailbox(Account), deliveries);
    }

    [Fact]
    public async Task An_event_that_cannot_be_applied_is_not_written_and_leaves_nothing_of_itself()
    {
        await using var silo = await TestSilo.StartAsync();
        var sum = silo.Grains.GetGrain<ISumGrain>("one");
        Assert.Equal(5, await sum.AddAsync(5));

        await Assert.ThrowsAnyAsync<Exception>(() => sum.AddAsync(3, -2));

        // The activation has ended: what was recorded with it was not confirmed and may be there or not, the event itself is not.
        Assert.Contains(await UntilItAnswersAsync(() => sum.AddAsync(10)), new[] { 15, 18 });
    }

    private static async Task<int> UntilItAnswersAsync(Func<Task<int>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception) when (attempt < 100)
            {
                // The activation that is ending still answers that it moved.
            }
        }
    }

    private static async Task<FilingOutcome> UntilAnsweredAsync(TestSilo silo, FilingRequest request)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            try
            {
                return await silo.Mailbox(Account).FileAsync(request);
            }
            catch (Exception e) when (e is not ArgumentException)
            {
                // In doubt: the same delivery again, as an edge would.
            }
        }

        throw new TimeoutException("filing never succeeded");
    }

    private static async Task AssertFiledOnceAsync(IMailboxGrain mailbox, List<DeliveryId> deliveries)
    {
        var messages = await Folders.AllAsync(mailbox, "INBOX");
        var expected = deliveries.Select(d => BodyRef.NameFor(new("demo"), d)).Order(StringComparer.Ordinal);
        Assert.Equal(expected, messages.Select(m => m.Body.Name).Order(StringComparer.Ordinal));
        Assert.Equal(messages.Count, messages.Select(m => m.Uid).Distinct().Count());
        Assert.Equal(messages.Count, messages.Select(m => m.ModSeq).Distinct().Count());
        Assert.Equal(messages.Select(m => m.Uid).Order(), messages.Select(m => m.Uid));
        var status = await mailbox.GetStatusAsync("INBOX");
        Assert.Equal((messages.Count, messages.Count, messages.Sum(m => m.Size)), (status!.Messages, status.Unseen, status.Bytes));
    }
}
