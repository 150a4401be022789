using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Which folder stands below which, by their names.</summary>
internal sealed class FolderTree
{
    private readonly Dictionary<string, EmailFolder> byName;

    public FolderTree(IReadOnlyList<EmailFolder> folders)
    {
        Folders = folders;
        byName = folders.ToDictionary(folder => folder.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<EmailFolder> Folders { get; }

    public EmailFolder? ParentOf(EmailFolder folder) =>
        folder.Name.LastIndexOf('/') is >= 0 and var slash ? byName.GetValueOrDefault(folder.Name[..slash]) : null;

    /// <summary>All that stand above it, the nearest first.</summary>
    public IEnumerable<EmailFolder> Above(EmailFolder folder)
    {
        for (var parent = ParentOf(folder); parent is not null; parent = ParentOf(parent))
        {
            yield return parent;
        }
    }
}
