using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>Random operations agree with a plain model, on a sound store and on one that fails half of its writes; afterwards nothing is left over.</summary>
public sealed class OperationsTests
{
    private const string Account = "demo/operations";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task The_mailbox_agrees_with_plain_lists(int seed, bool faults)
    {
        FaultyJournal faulty = null!;
        await using var silo = await TestSilo.StartAsync(journal => faulty = new FaultyJournal(journal, seed));
        await silo.Mailbox(Account).CreateAsync(new());
        faulty.Failing = faults;
        var model = new MailboxOperationsModel(silo, silo.Services.GetRequiredService<IMessageBlobs>(), Account, seed);
        await model.RunAsync(steps: 250);
        faulty.Failing = false;
        Assert.Equal(faults, faulty.Faults > 15);
        Assert.NotNull((await silo.Services.GetRequiredService<IJournal>().OpenAsync($"mailbox/{Account}", CancellationToken.None)).Manifest);
        await model.CheckAsync();
        await silo.ForgetAsync();
        await model.CheckAsync();
        await AssertNothingWrongAsync(silo);
    }

    private static async Task AssertNothingWrongAsync(TestSilo silo)
    {
        // The outbox empties beside the calls: verification is repeated until it has.
        for (var attempt = 0; ; attempt++)
        {
            var found = await silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(CancellationToken.None).ToListAsync();
            Assert.DoesNotContain(found, r => r.Kind == UpkeepKind.Problem);
            if (!found.Any(r => r.Kind == UpkeepKind.Leftover && r.Text.Contains("neither holds nor has released", StringComparison.Ordinal)))
            {
                return;
            }

            Assert.True(attempt < 200, string.Join('\n', found.Select(f => $"{f.Subject}: {f.Text}")));
            await Task.Delay(20);
        }
    }
}
