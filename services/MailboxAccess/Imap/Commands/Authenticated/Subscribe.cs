namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>SUBSCRIBE (RFC 3501 §6.3.6).</summary>
internal static class Subscribe
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var name = MailboxArgument.Parse(new(arguments.Span));
        var result = await session.CallMailboxAsync(mailbox => mailbox.SetSubscribedAsync(name, subscribed: true), cancellationToken).ConfigureAwait(false);
        return FolderReplies.Of(result, "SUBSCRIBE");
    }
}
