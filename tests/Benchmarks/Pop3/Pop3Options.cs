namespace MailCloud.Benchmarks.Pop3;

internal sealed record Pop3Options
{
    public required string[] Parts { get; init; }
    public required string[] Servers { get; init; }
    public required int Clients { get; init; }
    public required int MessagesPerMaildrop { get; init; }
    public required int MessageBytes { get; init; }
    public required int LargeBytes { get; init; }
    public required TimeSpan Load { get; init; }
    public required TimeSpan WarmUp { get; init; }
    public required int Rounds { get; init; }
    public required int IdleConnections { get; init; }
    public required TimeSpan Settle { get; init; }
    public required int PortOffset { get; init; }
    public required string PeerFormat { get; init; }
    public required string Data { get; init; }
}
