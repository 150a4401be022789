using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>INBOX as POP3 has it: for one session at a time (RFC 1939 §4).</summary>
internal sealed class Maildrop(EmailMailbox mailbox, MessageWrites messages, MaildropLease lease)
{
    /// <summary>Messages of a page, from which on no more is read: 12 octets each.</summary>
    private const int PageMessages = 10_000;

    private MailboxState State => mailbox.State;

    public async Task<MaildropPage> OpenAsync(MaildropRequest request)
    {
        if (State.FindFolder("INBOX") is not { } inbox)
        {
            await mailbox.Durable();
            return new() { Outcome = MaildropOutcome.NoSuchMailbox };
        }

        if (!lease.TryHold(request.Session))
        {
            return new() { Outcome = MaildropOutcome.InUse };
        }

        var rows = new List<MessageRow>();
        var next = request.FromUid;
        while (next != 0 && rows.Count < PageMessages)
        {
            (var more, next) = await new FolderReader(inbox, mailbox.Chunks).RowsAsync(next);
            rows.AddRange(more);
        }

        var page = new MaildropPage
        {
            Outcome = MaildropOutcome.Done,
            FolderId = inbox.Id,
            UidValidity = inbox.UidValidity,
            Uids = UidRanges.From(rows.Select(r => r.Uid)),
            Sizes = [.. rows.Select(r => r.Size)],
            NextUid = next,
        };
        await mailbox.Durable();
        return page;
    }

    public async Task<MaildropOutcome> UpdateAsync(MaildropUpdate update)
    {
        if (!State.Folders.TryGetValue(update.FolderId, out var folder))
        {
            await mailbox.Durable();
            return MaildropOutcome.NoSuchMailbox;
        }

        var reader = new FolderReader(folder, mailbox.Chunks);
        var outcome = await reader.InOneStepAsync(c => UidRanges.Intersects(update.Uids, c.FirstUid, c.LastUid), loaded =>
        {
            // A repeat was done while the session had the maildrop, whoever has it now.
            if (!State.Operations.ContainsKey(update.Operation) && !lease.TryHold(update.Session))
            {
                return MaildropOutcome.InUse;
            }

            messages.Expunge(update.Operation, update.FolderId, [.. reader.RemovedOf(loaded, update.Uids)]);
            return MaildropOutcome.Done;
        });
        await mailbox.Durable();
        lease.Release(update.Session);
        return outcome;
    }
}
