using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>What CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE answer (response codes: RFC 5530 §3).</summary>
internal static class FolderReplies
{
    public static ImapReply Of(FolderResult result, string verb) => result switch
    {
        FolderResult.Done => ImapReply.Ok($"{verb} completed"),
        FolderResult.NoSuchFolder => ImapReply.No("There is no such mailbox", "NONEXISTENT"),
        FolderResult.Exists => ImapReply.No("There is such a mailbox already", "ALREADYEXISTS"),
        FolderResult.NotPermitted => ImapReply.No("This is not possible with this mailbox", "CANNOT"),
        FolderResult.InvalidName => ImapReply.No("There can be no mailbox of this name", "CANNOT"),
        FolderResult.TooMany => ImapReply.No("There are too many mailboxes", "LIMIT"),
        _ => throw new ArgumentOutOfRangeException(nameof(result)),
    };
}
