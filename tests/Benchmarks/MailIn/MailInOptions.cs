namespace MailCloud.Benchmarks.MailIn;

internal sealed record MailInOptions
{
    public required int Sessions { get; init; }
    public required int MessageBytes { get; init; }
    public required TimeSpan Load { get; init; }
    public required TimeSpan WarmUp { get; init; }
    public required int Mailboxes { get; init; }
    public required int Rounds { get; init; }
    public required bool KeepConnections { get; init; }
    public required string PeerFormat { get; init; }
    public required string Servers { get; init; }
    public required string Data { get; init; }
}
