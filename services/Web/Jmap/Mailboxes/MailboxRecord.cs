using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>A folder as the Mailbox record of JMAP (RFC 8621 §2).</summary>
internal static class MailboxRecord
{
    private const string Inbox = "INBOX";

    public static readonly string[] Properties =
    [
        "id", "name", "parentId", "role", "sortOrder", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed",
    ];

    /// <summary>Those that change when mail comes, is read or goes (RFC 8621 §2.2).</summary>
    public static readonly string[] Counts = ["totalEmails", "unreadEmails", "totalThreads", "unreadThreads"];

    public static JsonObject Build(EmailFolder folder, FolderTree tree) => new()
    {
        ["id"] = ObjectIds.OfFolder(folder.Id),
        ["name"] = JmapText.Clean(NameOf(folder)),
        ["parentId"] = tree.ParentOf(folder) is { } parent ? ObjectIds.OfFolder(parent.Id) : null,
        ["role"] = RoleOf(folder),
        ["sortOrder"] = folder.SortOrder,
        ["totalEmails"] = folder.TotalEmails,
        ["unreadEmails"] = folder.UnreadEmails,
        ["totalThreads"] = folder.TotalThreads,
        ["unreadThreads"] = folder.UnreadThreads,
        ["myRights"] = Rights(folder),
        ["isSubscribed"] = folder.Subscribed,
    };

    /// <summary>The last level of its name.</summary>
    public static string NameOf(EmailFolder folder) => folder.Name[(folder.Name.LastIndexOf('/') + 1)..];

    /// <summary>Its special use (RFC 6154 §2) by JMAP's name for it; null when it has none.</summary>
    public static string? RoleOf(EmailFolder folder) => IsInbox(folder) ? "inbox" : folder.SpecialUse?.TrimStart('\\').ToLowerInvariant();

    private static bool IsInbox(EmailFolder folder) => folder.Name.Equals(Inbox, StringComparison.OrdinalIgnoreCase);

    // The mailbox is the user's own: all is allowed but what would leave it without an INBOX.
    private static JsonObject Rights(EmailFolder folder) => new()
    {
        ["mayReadItems"] = true,
        ["mayAddItems"] = true,
        ["mayRemoveItems"] = true,
        ["maySetSeen"] = true,
        ["maySetKeywords"] = true,
        ["mayCreateChild"] = true,
        ["mayRename"] = !IsInbox(folder),
        ["mayDelete"] = !IsInbox(folder),
        ["maySubmit"] = true,
    };
}
