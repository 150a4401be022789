using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What sessions make of folders. Each operation is decided and recorded in one synchronous step.</summary>
internal sealed class FolderWrites(EmailMailbox mailbox)
{
    private MailboxState State => mailbox.State;

    public Task<FolderResult> CreateAsync(Guid operation, NewFolder folder) => ChangeAsync(operation, decisions => decisions.Create(folder));

    public Task<FolderResult> DeleteAsync(Guid operation, string name) => ChangeAsync(operation, decisions => decisions.Delete(name));

    public Task<FolderResult> RenameAsync(Guid operation, string name, string newName) => ChangeAsync(operation, decisions => decisions.Rename(name, newName));

    public async Task<FolderResult> SetSubscribedAsync(string name, bool subscribed)
    {
        var canonical = FolderName.Canonical(name);
        var known = State.FindFolder(canonical)?.Subscribed;
        var now = known ?? State.OrphanSubscriptions.Contains(canonical);
        if (known is null && !now)
        {
            await mailbox.Durable();
            return FolderResult.NoSuchFolder;
        }

        if (now != subscribed)
        {
            var modSeq = State.ModSeq + 1;
            mailbox.Record(new SubscriptionChanged { Name = canonical, Subscribed = subscribed, ModSeq = modSeq });
            mailbox.Record(FoldersRenamed.Nothing(modSeq, mailbox.Storage.Time.GetUtcNow()));
        }

        await mailbox.Durable();
        return FolderResult.Done;
    }

    private async Task<FolderResult> ChangeAsync(Guid operation, Func<FolderDecisions, FolderResult> decide)
    {
        var decisions = new FolderDecisions(State, operation, mailbox.Storage.Time.GetUtcNow());
        var result = State.Operations.ContainsKey(operation) ? FolderResult.Done : decide(decisions);
        foreach (var recorded in decisions.Recorded)
        {
            mailbox.Record(recorded);
        }

        await mailbox.Durable();
        return result;
    }
}
