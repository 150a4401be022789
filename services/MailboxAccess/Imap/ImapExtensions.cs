namespace MailCloud.MailboxAccess.Imap;

/// <summary>Extensions that change what responses look like, once a client has asked for them (RFC 5161); they stay for the rest of the connection.</summary>
[Flags]
internal enum ImapExtensions
{
    None = 0,

    /// <summary>MODSEQ in each untagged FETCH with flags (RFC 7162 §3.1).</summary>
    CondStore = 1,

    /// <summary>VANISHED instead of EXPUNGE, and the UID in each FETCH (RFC 7162 §3.2.3); it includes CONDSTORE.</summary>
    QResync = 2 | CondStore,
}
