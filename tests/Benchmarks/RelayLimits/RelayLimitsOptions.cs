namespace MailCloud.Benchmarks.RelayLimits;

/// <summary>What <c>relay-limits</c> is told.</summary>
internal sealed record RelayLimitsOptions
{
    public required int Relays { get; init; }

    /// <summary>Messages of the tenant that has many.</summary>
    public required int Backlog { get; init; }

    /// <summary>Messages of the tenant that has one at a time, with the backlog and without.</summary>
    public required int Singles { get; init; }

    /// <summary>How long the host is busy with each message.</summary>
    public required TimeSpan Takes { get; init; }

    /// <summary>How long rates are measured.</summary>
    public required TimeSpan Load { get; init; }

    public required int PortOffset { get; init; }

    /// <summary>The cluster's folder; its content is deleted.</summary>
    public required string Data { get; init; }
}
