namespace MailCloud.OutboundRelay;

/// <summary>What became of one recipient in one attempt. Whether to try again is in the type, not in the text.</summary>
internal abstract record RelayOutcome
{
    private RelayOutcome()
    {
    }

    /// <summary>The next host has taken it over: 2xx after the final dot.</summary>
    /// <param name="Reply">Its reply, one line: code, enhanced status code if any, text.</param>
    /// <param name="Host">Its name, as it was looked up.</param>
    /// <param name="ReportsPassedOn">True when it announced DSN and got the sender's wishes (RFC 3461 §5.2.1).</param>
    public sealed record Delivered(string Reply, string Host, bool ReportsPassedOn) : RelayOutcome;

    /// <summary>Try again.</summary>
    /// <param name="Status">Enhanced status code, 4.x.y (RFC 3463).</param>
    /// <param name="Reply">The SMTP reply that it stands for: the remote host's own, or ours for it.</param>
    /// <param name="Host">The host that said so; null when it is our own finding.</param>
    public sealed record Deferred(string Status, string Reply, string? Host = null) : RelayOutcome;

    /// <summary>Permanent.</summary>
    /// <param name="Status">Enhanced status code, 5.x.y (RFC 3463).</param>
    /// <param name="Reply">The SMTP reply that it stands for: the remote host's own, or ours for it.</param>
    /// <param name="Host">The host that said so; null when it is our own finding.</param>
    /// <param name="OfAddress">True when the address's own host, or DNS of its domain, said it of this address and of nothing else: in reply to RCPT, and no smarthost.</param>
    public sealed record Failed(string Status, string Reply, string? Host = null, bool OfAddress = false) : RelayOutcome;
}
