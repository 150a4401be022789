using MailCloud.Backup;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Upkeep;

namespace MailCloud.Mailboxes.Backup;

/// <summary>What belongs to a backup, and how its own blobs are named.</summary>
internal static class BackupParts
{
    public const string Expansions = ExpansionGrain.JournalPrefix;
    public const string Spool = "spool/";
    public const string Mailboxes = "mailbox/";

    /// <summary>
    /// Journals that stay behind: what became of messages is for diagnosis and as much as all other journals, and jobs under way, a backup among them, would go on where it is restored.
    /// </summary>
    private static readonly string[] left = ["trace/", JobGrain.Prefix, "jobs/", "job-queue/", UpkeepTurnsGrain.JournalPrefix];

    public static bool HasJournal(string name) => !left.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    public static bool HasBlob(string name) =>
        !name.StartsWith(BackupStore.Prefix, StringComparison.Ordinal)
        && !left.Any(prefix => name.AsSpan().StartsWith("state/") && name.AsSpan("state/".Length).StartsWith(prefix))
        && !IsJobInput(name)

        // What nobody has used yet would be gone by the next day.
        && !UploadedBlobs.Is(name);

    /// <summary>Written first of all.</summary>
    public static string Begun(string backup) => BackupStore.PrefixOf(backup) + "begun";

    /// <summary>Mail that is brought back by publishing it.</summary>
    public static string Waiting(string backup) => BackupStore.PrefixOf(backup) + "waiting-";

    /// <summary>What a shard of the spool held before its journal was copied.</summary>
    public static string Spooled(string backup, long shard) => $"{BackupStore.PrefixOf(backup)}spooled-{shard}-";

    /// <summary>Names of blobs that backups have and the installation had no more.</summary>
    public static string Gone(string backup) => BackupStore.PrefixOf(backup) + "gone-";

    private static bool IsJobInput(string name) => name.Split('/') is [_, "job-input", ..];
}
