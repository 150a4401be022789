namespace MailCloud.MailboxAccess.Imap;

/// <summary>The command breaks RFC 3501's grammar; the session answers BAD with this text.</summary>
internal sealed class ImapSyntaxException(string message) : Exception(message);
