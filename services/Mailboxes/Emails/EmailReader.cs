using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Emails by their ids.</summary>
internal sealed class EmailReader(EmailMailbox mailbox)
{
    /// <summary>Ids that are looked up in one step: their chunks are in memory together.</summary>
    private const int AtOnce = 100;

    private const int PageContentBytes = 1024 * 1024;

    private readonly EmailPlaces places = new(mailbox);
    private readonly ContentReader contents = new(mailbox.Chunks);

    /// <summary>Those of some ids of which there are Emails.</summary>
    public Task<Guid[]> FindAsync(IReadOnlyCollection<Guid> ids) => places.FindAsync(ids, found => found.Keys.ToArray());

    public async Task<EmailPage> GetAsync(IReadOnlyList<Guid> emails, bool withContent)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(emails.Count, EmailPage.MaxIds);

        // What changes while it reads is told again by the changes since this modseq.
        var modSeq = mailbox.State.ModSeq;
        var read = new List<EmailRecord>();
        var left = new List<Guid>();
        var bytes = 0L;
        foreach (var part in emails.Distinct().Chunk(AtOnce))
        {
            if (bytes >= PageContentBytes)
            {
                left.AddRange(part);
                continue;
            }

            var found = await places.FindAsync(part, all => part.Where(all.ContainsKey).Select(id => (Record: RecordOf(all[id]), Place: all[id][0])).ToList());
            var fits = withContent ? found.TakeWhile(f => bytes < PageContentBytes && (bytes += f.Place.Content.Length) > 0).ToList() : found;
            left.AddRange(found.Skip(fits.Count).Select(f => f.Record.Id));
            read.AddRange(await WithContentAsync(fits, withContent));
        }

        var page = new EmailPage { ModSeq = modSeq, Emails = read, Keywords = [.. mailbox.State.Keywords], Left = left };
        await mailbox.Durable();
        return page;
    }

    // One whose content is damaged has no more than its row: it is left out where more is asked for, and alone in its thread.
    private async Task<IEnumerable<EmailRecord>> WithContentAsync(List<(EmailRecord Record, EmailPlace Place)> found, bool withContent)
    {
        var asked = found.FindAll(f => withContent || f.Record.Thread == 0);
        var texts = await contents.ReadSoundAsync(asked.ConvertAll(f => f.Place.Content));
        var byId = asked.Zip(texts).ToDictionary(pair => pair.First.Record.Id, pair => pair.Second);
        return found.Where(f => !withContent || byId[f.Record.Id] is not null)
            .Select(f => byId.TryGetValue(f.Record.Id, out var content) ? f.Record with { Content = withContent ? content : null, Thread = ThreadOf(f.Record, content) } : f.Record);
    }

    private static ulong ThreadOf(EmailRecord email, MessageContent? content) =>
        email.Thread != 0 ? email.Thread
        : content is null ? ThreadId.OfAlone(email.Id)
        : ThreadId.Of(content.Summary, email.Id);

    private EmailRecord RecordOf(IReadOnlyList<EmailPlace> of)
    {
        var row = of[0].Row;
        return new()
        {
            Id = row.Body,
            Thread = row.Thread,
            Folders = MergedEmail.Folders(of),
            Flags = MergedEmail.Flags(of),
            ReceivedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.InternalDate),
            Size = row.Size,
            Body = new(BodyRef.NameFor(mailbox.Account.Tenant, new(row.Body)), row.BodyLength),
        };
    }
}
