using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Files deliveries, each at most once in 14 days; an older one never.</summary>
internal sealed class Filing(EmailMailbox mailbox, FilingTraces traces, int quotaGracePercent)
{
    private MailboxState State => mailbox.State;

    public async Task<FilingOutcome> FileAsync(FilingRequest request)
    {
        var now = mailbox.Storage.Time.GetUtcNow();
        if (request.Delivery.AcceptedAt < now - FiledDeliveries.Window)
        {
            return new(FilingResult.TooOld);
        }

        while (State.Filed.UnloadedBlob(request.Delivery.AcceptDay) is { } blob)
        {
            State.Filed.Load(request.Delivery.AcceptDay, blob, await mailbox.Chunks.LoadAsync<FiledDay>(blob, CancellationToken.None));
        }

        var outcome = Decide(request);
        if (outcome.Result == FilingResult.Filed)
        {
            traces.Add();
        }

        await mailbox.Durable();
        return outcome;
    }

    private FilingOutcome Decide(FilingRequest request)
    {
        if (!State.Created)
        {
            return new(FilingResult.NoSuchMailbox);
        }

        var folder = State.FindFolder(request.Folder) ?? State.FindFolder("INBOX")!;
        if (State.Filed.Contains(request.Delivery))
        {
            return new(FilingResult.AlreadyFiled, Vacation: VacationIn(folder));
        }

        // RFC 3501 §2.3.4: RFC822.SIZE is that of the message as FETCH shows it.
        var size = request.Prefix.Length + request.Summary.LengthShown(request.Body.Length);
        var limit = State.QuotaBytes + (State.QuotaBytes * quotaGracePercent / 100);
        if (State.QuotaBytes > 0 && State.UsedBytes + size > limit)
        {
            return new(FilingResult.OverQuota);
        }

        var body = mailbox.BodyIdOf(request.Body);
        var row = new MessageRow(folder.UidNext, size, request.Body.Length, request.InternalDate.ToUnixTimeMilliseconds(), body, ThreadId.Of(request.Summary, body));
        mailbox.Record(new MessageFiled
        {
            FolderId = folder.Id,
            Row = row,
            ModSeq = State.ModSeq + 1,
            Delivery = request.Delivery,
            Content = mailbox.Storage.Serializer.Encode(new MessageContent(request.Prefix, request.Summary)),
        });
        return new(FilingResult.Filed, row.Uid, folder.UidValidity, folder.Name, VacationIn(folder));
    }

    // What was taken for spam is not answered: its sender is made up, or would learn that the address is read.
    private bool? VacationIn(Folder folder) => State.Vacation is { IsOn: true } && folder.SpecialUse != "\\Junk" ? true : null;
}
