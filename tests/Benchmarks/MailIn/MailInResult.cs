namespace MailCloud.Benchmarks.MailIn;

/// <summary>Figures of one run of one server.</summary>
internal sealed record MailInResult
{
    public required string Server { get; init; }
    public required long Accepted { get; init; }
    public required long Filed { get; init; }
    public required long Doubtful { get; init; }
    public required long Refused { get; init; }
    public required string? FirstRefusal { get; init; }

    /// <summary>Mailboxes that hold fewer messages than accepted, or more than accepted and doubtful ones.</summary>
    public required int WrongMailboxes { get; init; }

    public required TimeSpan LoadTime { get; init; }

    /// <summary>From the first message to the last one visible by IMAP.</summary>
    public required TimeSpan FiledTime { get; init; }

    public required double LatencyP50 { get; init; }
    public required double LatencyP99 { get; init; }
    public required double ServerCpuSeconds { get; init; }
    public required double GeneratorCpuSeconds { get; init; }
    public required long BytesWritten { get; init; }
    public required long PeakMemory { get; init; }
    public required TimeSpan? ReadyAfter { get; init; }
    public required double LoadAverageBefore { get; init; }

    public bool IsExact => WrongMailboxes == 0;
    public double AcceptedPerSecond => Accepted / LoadTime.TotalSeconds;
    public double FiledPerSecond => Filed / FiledTime.TotalSeconds;
    public double CpuPerThousand => ServerCpuSeconds * 1000 / Accepted;
    public double GeneratorCpuPerThousand => GeneratorCpuSeconds * 1000 / Accepted;
    public double BytesPerMail => (double)BytesWritten / Accepted;
}
