namespace MailCloud.MailboxAccess.Pop3;

/// <summary>The reply to a command (RFC 1939 §3), with its response code (RFC 2449 §8) or null, and what follows its first line.</summary>
internal sealed record Pop3Reply(bool IsOk, string? Code, Pop3Text Text, object[] Arguments)
{
    /// <summary>Lines of a multi-line reply; null when it has but one. They are made while they are written.</summary>
    public IEnumerable<string>? Lines { get; init; }

    /// <summary>A message that follows; the session disposes it.</summary>
    public Stream? Message { get; init; }

    /// <summary>What to do once the reply has been sent: the TLS handshake of STLS.</summary>
    public Func<CancellationToken, Task>? Then { get; init; }

    /// <summary>The connection is closed after the reply.</summary>
    public bool Close { get; init; }

    /// <summary>It answers a command that is malformed, unknown or out of place.</summary>
    public bool IsBad { get; init; }

    public static Pop3Reply Ok(Pop3Text text, params object[] arguments) => new(true, null, text, arguments);

    public static Pop3Reply Error(string? code, Pop3Text text, params object[] arguments) => new(false, code, text, arguments);

    public static Pop3Reply Bad(Pop3Text text, params object[] arguments) => new(false, null, text, arguments) { IsBad = true };
}

/// <summary>A command breaks the grammar of RFC 1939 §9.</summary>
internal sealed class Pop3SyntaxException(Pop3Text text) : Exception(text.English)
{
    public Pop3Text Text => text;
}
