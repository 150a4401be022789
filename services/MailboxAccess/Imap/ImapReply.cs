namespace MailCloud.MailboxAccess.Imap;

/// <summary>The tagged response that ends a command (RFC 3501 §7.1), with its response code or null.</summary>
internal sealed record ImapReply(string Status, string? Code, string Text)
{
    /// <summary>What to do once the reply has been sent: the TLS handshake of STARTTLS, the change to COMPRESS.</summary>
    public Func<CancellationToken, Task>? Then { get; init; }

    /// <summary>The connection is closed after the reply.</summary>
    public bool Close { get; init; }

    /// <summary>The verb has told all that the mailbox had to tell: SELECT, whose answer is not a moment old.</summary>
    public bool IsUpToDate { get; init; }

    public static ImapReply Ok(string text, string? code = null) => new("OK", code, text);

    public static ImapReply No(string text, string? code = null) => new("NO", code, text);

    public static ImapReply Bad(string text) => new("BAD", null, text);
}
