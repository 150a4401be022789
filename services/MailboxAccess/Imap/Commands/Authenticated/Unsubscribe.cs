namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>UNSUBSCRIBE (RFC 3501 §6.3.7). The name may be that of a folder that has gone.</summary>
internal static class Unsubscribe
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var name = MailboxArgument.Parse(new(arguments.Span));
        var result = await session.CallMailboxAsync(mailbox => mailbox.SetSubscribedAsync(name, subscribed: false), cancellationToken).ConfigureAwait(false);
        return FolderReplies.Of(result, "UNSUBSCRIBE");
    }
}
