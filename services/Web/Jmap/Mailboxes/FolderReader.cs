using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Asks the grain for folders.</summary>
internal static class FolderReader
{
    /// <param name="call">The call.</param>
    /// <param name="withCounts">False: counts are 0.</param>
    /// <param name="cancellationToken">When the client has gone.</param>
    /// <exception cref="MethodException">The account has no mailbox (any more).</exception>
    public static async Task<EmailFolders> ReadAsync(JmapCall call, bool withCounts, CancellationToken cancellationToken)
    {
        var grain = call.Emails;
        return await call.Services.Calls.CallAsync(() => grain.ReadFoldersAsync(withCounts), cancellationToken).ConfigureAwait(false) ?? throw NoMailbox;
    }

    /// <summary>The modseq of the mailbox.</summary>
    /// <exception cref="MethodException">The account has no mailbox (any more).</exception>
    public static async Task<long> ReadModSeqAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var grain = call.Emails;
        return await call.Services.Calls.CallAsync(grain.GetStateAsync, cancellationToken).ConfigureAwait(false) ?? throw NoMailbox;
    }

    private static MethodException NoMailbox => new("accountNotFound", "the account has no mailbox");
}
