namespace MailCloud.Benchmarks.MailOut;

internal sealed record MailOutOptions
{
    /// <summary>SMTP sessions at once, on kept connections.</summary>
    public required int Sessions { get; init; }

    public required int MessageBytes { get; init; }

    /// <summary>Addresses that are forwarded to the sink's domain, in turn.</summary>
    public required int Addresses { get; init; }

    public required TimeSpan Load { get; init; }
    public required TimeSpan WarmUp { get; init; }

    /// <summary>Connections at once to the sink.</summary>
    public required int Connections { get; init; }

    public required int Rounds { get; init; }
    public required string[] Servers { get; init; }
    public required string Data { get; init; }
}
