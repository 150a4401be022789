using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>An Email as it should be.</summary>
internal sealed record TrueEmail(string Folders, MessageFlags Flags, long Size);

/// <summary>What a mailbox should say of Emails and folders, put together from what IMAP shows of each folder.</summary>
internal sealed record EmailTruth(Dictionary<Guid, TrueEmail> Emails, Dictionary<int, (string Name, int Total, int Unread)> Folders)
{
    public static async Task<EmailTruth> ReadAsync(IMailboxGrain mailbox)
    {
        var found = new List<(int Folder, FetchedMessage Message)>();
        var folders = new Dictionary<int, (string Name, int Total, int Unread)>();
        foreach (var folder in (await mailbox.ListFoldersAsync()).Where(f => !f.NonExistent))
        {
            found.AddRange((await Tests.Folders.AllAsync(mailbox, folder.Name)).Select(m => (folder.Id, m)));
            folders[folder.Id] = (folder.Name, 0, 0);
        }

        var emails = new Dictionary<Guid, TrueEmail>();
        foreach (var email in found.GroupBy(f => f.Message.Body.Name))
        {
            var flags = email.Select(e => e.Message.Flags).ToList();
            var seen = flags.TrueForAll(f => f.HasFlag(MessageFlags.Seen));
            var merged = flags.Aggregate((a, b) => a | b) & ~(MessageFlags.Deleted | MessageFlags.Seen);
            merged |= seen ? MessageFlags.Seen : MessageFlags.None;
            var ids = email.Select(e => e.Folder).Distinct().Order().ToList();
            emails[Guid.ParseExact(email.Key[(email.Key.LastIndexOf('/') + 1)..], "N")] = new(string.Join(',', ids), merged, email.First().Message.Size);
            foreach (var id in ids)
            {
                var (name, total, unread) = folders[id];
                folders[id] = (name, total + 1, unread + (seen || merged.HasFlag(MessageFlags.Draft) ? 0 : 1));
            }
        }

        return new(emails, folders);
    }
}
