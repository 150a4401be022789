using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What clients make of folders (RFC 8621 §2.5): as with Emails, one operation is one append.</summary>
internal sealed class EmailFolderWrites(EmailMailbox mailbox)
{
    public Task<EmailFolderResult> AddAsync(Guid operation, NewEmailFolder folder) => RunAsync(operation, decisions => decisions.Add(folder));

    public Task<EmailFolderResult> UpdateAsync(Guid operation, EmailFolderUpdate update) => RunAsync(operation, decisions => decisions.Update(update));

    public Task<EmailFolderResult> RemoveAsync(Guid operation, int folder, bool removeEmails) => RunAsync(operation, decisions => decisions.Remove(folder, removeEmails));

    private async Task<EmailFolderResult> RunAsync(Guid operation, Func<EmailFolderDecisions, EmailFolderOutcome> decide)
    {
        var result = Run(operation, decide);
        await mailbox.Durable();
        return result;
    }

    private EmailFolderResult Run(Guid operation, Func<EmailFolderDecisions, EmailFolderOutcome> decide)
    {
        var state = mailbox.State;
        if (state.Operations.TryGetValue(operation, out var known))
        {
            var first = known.Emails;
            return new() { Outcome = EmailFolderOutcome.Done, Folder = first?.Folder ?? 0, OldModSeq = first?.OldModSeq ?? state.ModSeq, ModSeq = first?.ModSeq ?? state.ModSeq };
        }

        var before = state.ModSeq;
        var decisions = new EmailFolderDecisions(state, operation, mailbox.Storage.Time.GetUtcNow());
        var outcome = decide(decisions);
        foreach (var recorded in decisions.Recorded)
        {
            mailbox.Record(recorded);
        }

        return new() { Outcome = outcome, Folder = decisions.Folder, OldModSeq = before, ModSeq = state.ModSeq };
    }
}
