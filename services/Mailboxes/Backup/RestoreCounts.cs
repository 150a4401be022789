using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Backup;

/// <summary>What is restored from where.</summary>
/// <param name="Backup">The backup's name; null: the newest.</param>
/// <param name="Folder">Below which messages come back; null: each into the folder of the name that it was in.</param>
/// <param name="BegunAt">When the job first began: a blob that is younger it has made itself, before it broke off.</param>
internal sealed record RestoreFrom(string? Backup, string? Folder, DateTimeOffset BegunAt);

/// <summary>What a restoration looked at and brought back.</summary>
internal sealed class RestoreCounts
{
    public long Mailboxes { get; set; }

    /// <summary>Those of the backup that were looked at.</summary>
    public long Messages { get; set; }

    public long Restored { get; set; }

    public long Problems { get; set; }

    public long Journals { get; set; }

    public long Bodies { get; set; }

    public UpkeepRecord Problem(string subject, string text)
    {
        Problems++;
        return new() { Kind = UpkeepKind.Problem, Subject = subject, Text = text };
    }

    public UpkeepRecord Summary(string text) => new() { Kind = UpkeepKind.Summary, Text = text, Counts = ByName() };

    public SortedDictionary<string, long> ByName() => new(StringComparer.Ordinal)
    {
        ["problems"] = Problems,
        ["mailboxes"] = Mailboxes,
        ["messages"] = Messages,
        ["restored"] = Restored,
        ["journals"] = Journals,
        ["bodies"] = Bodies,
    };
}
