using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>Random filings, flag changes and reloads, checked against a plain list of messages. Seals happen on the way, as they do in life.</summary>
public sealed class MailboxModelTests
{
    private const string Account = "demo/model";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_mailbox_agrees_with_a_plain_list(int seed)
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        var inbox = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        var random = new Random(seed);
        var model = new SortedDictionary<uint, (string Subject, MessageFlags Flags)>();
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    await FileAsync(mailbox, model, count: random.Next(1, 250));
                    break;
                case 2 when model.Count > 0:
                    await StoreAsync(mailbox, inbox, model, random);
                    break;
                case 3 when random.Next(4) == 0:
                    await silo.ForgetAsync();
                    break;
            }
        }

        await AssertAgreesAsync(mailbox, model);
        await silo.ForgetAsync();
        await AssertAgreesAsync(mailbox, model);
    }

    private static async Task FileAsync(IMailboxGrain mailbox, SortedDictionary<uint, (string, MessageFlags)> model, int count)
    {
        var requests = Enumerable.Range(0, count).Select(i => Mail.For(Account, subject: $"{model.Count}-{i}")).ToArray();
        var outcomes = await Task.WhenAll(requests.Select(mailbox.FileAsync));
        foreach (var (request, outcome) in requests.Zip(outcomes))
        {
            Assert.Equal(FilingResult.Filed, outcome.Result);
            model.Add(outcome.Uid, (request.Summary.Envelope.Subject!, MessageFlags.None));
        }
    }

    private static async Task StoreAsync(IMailboxGrain mailbox, int inbox, SortedDictionary<uint, (string Subject, MessageFlags Flags)> model, Random random)
    {
        var first = (uint)random.Next(1, model.Count + 1);
        var range = new UidRange(first, first + (uint)random.Next(0, 400));
        var change = (FlagChange)random.Next(3);
        var flags = (MessageFlags)(1UL << random.Next(5));
        var result = await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [range], Change = change, Flags = flags });
        foreach (var uid in model.Keys.Where(u => u >= range.First && u <= range.Last).ToArray())
        {
            var (subject, before) = model[uid];
            model[uid] = (subject, change switch { FlagChange.Add => before | flags, FlagChange.Remove => before & ~flags, _ => flags });
        }

        Assert.Equal(
            model.Where(m => m.Key >= range.First && m.Key <= range.Last).Select(m => (m.Key, m.Value.Flags)),
            result.Messages.Select(m => (m.Uid, m.Flags)));
    }

    private static async Task AssertAgreesAsync(IMailboxGrain mailbox, SortedDictionary<uint, (string Subject, MessageFlags Flags)> model)
    {
        var messages = await Folders.AllAsync(mailbox, "INBOX", withContent: true);
        Assert.Equal(model.Select(m => (m.Key, m.Value.Subject, m.Value.Flags)), messages.Select(m => (m.Uid, m.Content!.Summary.Envelope.Subject!, m.Flags)));
        var status = await mailbox.GetStatusAsync("INBOX");
        Assert.Equal(model.Count, status!.Messages);
        Assert.Equal(model.Values.Count(m => (m.Flags & MessageFlags.Seen) == 0), status.Unseen);
        var opened = await mailbox.OpenFolderAsync("INBOX", claimRecent: false);
        Assert.Equal(model.FirstOrDefault(m => (m.Value.Flags & MessageFlags.Seen) == 0).Key, opened!.FirstUnseen);
        Assert.Equal(model.Keys, opened.Uids.SelectMany(r => Enumerable.Range((int)r.First, r.Count).Select(u => (uint)u)));
    }
}
