using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>What stands for a message and its thread, in whatever folder (RFC 8474 §5).</summary>
internal static class MessageObjectIds
{
    public static string EmailOf(FetchedMessage message) => ObjectIds.OfEmail(BodyOf(message));

    /// <summary>The id in its body's name.</summary>
    public static Guid BodyOf(FetchedMessage message) => Guid.ParseExact(message.Body.Name.AsSpan(message.Body.Name.LastIndexOf('/') + 1), "N");

    public static string? ThreadOf(FetchedMessage message) => message.Thread is { } thread ? ObjectIds.OfThread(thread) : null;
}
