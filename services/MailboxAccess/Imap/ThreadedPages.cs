using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// Pages of messages with their threads (RFC 8474 §5.2). A silo of the release before knows none: there they follow from the contents, so that no message has NIL now and an id later, which never changes.
/// </summary>
internal static class ThreadedPages
{
    public static async ValueTask<MessagePage> ReadAsync(ImapSession session, FetchRequest fetch, CancellationToken cancellationToken)
    {
        var page = await session.CallMailboxAsync(mailbox => mailbox.FetchAsync(fetch), cancellationToken).ConfigureAwait(false);
        if (!fetch.WithThreads || HasThreads(page))
        {
            return page;
        }

        var whole = fetch.WithContent ? page
            : await session.CallMailboxAsync(mailbox => mailbox.FetchAsync(fetch with { WithContent = true }), cancellationToken).ConfigureAwait(false);
        return WithThreads(whole, fetch.WithContent);
    }

    public static bool HasThreads(MessagePage page) => page.Messages.All(message => message.Thread is not null);

    /// <summary>A page that has contents, with the threads that follow from them.</summary>
    /// <param name="page">The page.</param>
    /// <param name="keepContent">Whether the caller asked for the contents.</param>
    public static MessagePage WithThreads(MessagePage page, bool keepContent) => page with
    {
        Messages = [.. page.Messages.Select(message => message with
        {
            Thread = message.Thread ?? (message.Content is { } content ? ThreadId.Of(content.Summary, MessageObjectIds.BodyOf(message)) : null),
            Content = keepContent ? message.Content : null,
        })],
    };
}
