using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>A manifest is written with each seal and read with each activation: what rides in it is bounded.</summary>
public sealed class ManifestSizeTests
{
    private const string Account = "demo/manifest";

    [Fact]
    public async Task A_thousand_deliveries_of_today_take_twenty_kilobytes()
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        for (var i = 0; i < 1001; i++)
        {
            await mailbox.FileAsync(Mail.For(Account));
        }

        var manifest = (await silo.Services.GetRequiredService<IJournal>().OpenAsync($"mailbox/{Account}", CancellationToken.None)).Manifest!;
        var bytes = await silo.Services.GetRequiredService<IMessageBlobs>().ReadAsync(manifest, 0, int.MaxValue, CancellationToken.None);
        Assert.InRange(bytes.Length, 16_000, 20_000);
    }

    [Fact]
    public void Outcomes_of_changes_are_forgotten_sooner_when_they_are_many_and_never_while_they_may_be_asked_for()
    {
        var serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        var state = NewState();
        var operations = Enumerable.Range(0, 120).Select(i => Operation(i + 1, now.AddSeconds(-30 * i))).ToList();
        operations.AsEnumerable().Reverse().ToList().ForEach(state.Apply);

        state.ForgetOperations(now);
        Assert.All(operations.Take(10), o => Assert.Contains(o.Operation, state.Operations.Keys));
        Assert.InRange(state.Operations.Count, 25, 32);
        Assert.InRange(serializer.Encode(state.ToManifest([])).Length, 25_000, 100_000);
    }

    [Fact]
    public void Operations_are_remembered_for_an_hour()
    {
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        var state = NewState();
        var few = Enumerable.Range(0, 100).Select(i => Operation(200 + i, now.AddMinutes(-50), outcomes: 0)).ToList();
        few.ForEach(state.Apply);
        state.ForgetOperations(now.AddMinutes(9));
        Assert.All(few, o => Assert.Contains(o.Operation, state.Operations.Keys));
        state.ForgetOperations(now.AddMinutes(10));
        Assert.All(few, o => Assert.DoesNotContain(o.Operation, state.Operations.Keys));
    }

    private static MailboxState NewState()
    {
        var state = new MailboxState();
        state.Apply(new MailboxCreated { QuotaBytes = 0, Folders = [], UidValidity = 1 });
        return state;
    }

    private static FlagsChanged Operation(long modSeq, DateTimeOffset at, int outcomes = 1000) => new()
    {
        FolderId = 1,
        ModSeq = modSeq,
        Changes = [],
        NewKeywords = [],
        Operation = Guid.NewGuid(),
        Unmodified = [],
        At = at,
        Emails = new() { OldModSeq = modSeq - 1, ModSeq = modSeq, Outcomes = [.. Enumerable.Range(0, outcomes).Select(i => (EmailOutcome)(i % 2))] },
    };
}
