namespace MailCloud.MailboxContracts;

/// <summary>What became of a change to the list of folders.</summary>
public enum FolderResult
{
    /// <summary>Done, by this call or by an earlier one with the same operation id.</summary>
    Done = 0,

    NoSuchFolder = 1,

    /// <summary>There is a folder with the new name already.</summary>
    Exists = 2,

    /// <summary>INBOX cannot be deleted, and a level that is no folder cannot either.</summary>
    NotPermitted = 3,

    /// <summary>An empty level, a control character, a wildcard, too many levels or octets; or a folder would stand below itself.</summary>
    InvalidName = 4,

    /// <summary>The mailbox has as many folders as it may have.</summary>
    TooMany = 5,
}
