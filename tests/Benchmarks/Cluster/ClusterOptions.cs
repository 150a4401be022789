namespace MailCloud.Benchmarks.Cluster;

internal sealed record ClusterOptions
{
    /// <summary>How many accounts there are; mail goes to each in turn.</summary>
    public required int[] Mailboxes { get; init; }

    public required int[] Silos { get; init; }

    /// <summary>SMTP sessions at once, spread over the edges.</summary>
    public required int Senders { get; init; }

    /// <summary>IMAP sessions at once, spread over the edges.</summary>
    public required int Readers { get; init; }

    public required int MessageBytes { get; init; }
    public required TimeSpan Load { get; init; }
    public required TimeSpan WarmUp { get; init; }
    public required int Rounds { get; init; }
    public required int PortOffset { get; init; }
    public required string Data { get; init; }
}
