namespace MailCloud.Benchmarks.Backups;

internal sealed record BackupOptions
{
    /// <summary>Of mail before the first backup, 10^6 octets.</summary>
    public required int Megabytes { get; init; }

    public required int MessageBytes { get; init; }

    public required int Mailboxes { get; init; }

    /// <summary>For the server's data, the backups, and what is restored; its content is deleted.</summary>
    public required string Data { get; init; }
}
