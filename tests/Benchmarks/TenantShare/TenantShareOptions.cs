namespace MailCloud.Benchmarks.TenantShare;

/// <summary>What is measured, and for how long.</summary>
internal sealed record TenantShareOptions
{
    /// <summary>Commands a second that the loud tenant may have done, and recipients of its own in mail of others.</summary>
    public required int Share { get; init; }

    /// <summary>Sessions of the loud tenant, IMAP and SMTP, without a pause.</summary>
    public required int LoudSessions { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Of each third of a round.</summary>
    public required TimeSpan Load { get; init; }

    public required string Data { get; init; }
}
