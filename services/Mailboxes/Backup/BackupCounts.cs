using MailCloud.Mailboxes.Upkeep;

namespace MailCloud.Mailboxes.Backup;

/// <summary>What was copied. Lanes count at once.</summary>
internal sealed class BackupCounts
{
    private long waiting;
    private long journals;
    private long journalOctets;
    private long blobs;
    private long blobOctets;
    private long shared;

    public void AddWaiting(int count) => Interlocked.Add(ref waiting, count);

    public void AddJournal(long octets)
    {
        Interlocked.Increment(ref journals);
        Interlocked.Add(ref journalOctets, octets);
    }

    public void AddBlob(long octets)
    {
        Interlocked.Increment(ref blobs);
        Interlocked.Add(ref blobOctets, octets);
    }

    /// <summary>A blob that is there already.</summary>
    public void AddShared() => Interlocked.Increment(ref shared);

    public SortedDictionary<string, long> ByName() => new(StringComparer.Ordinal)
    {
        ["waiting"] = Interlocked.Read(ref waiting),
        ["journals"] = Interlocked.Read(ref journals),
        ["journalOctets"] = Interlocked.Read(ref journalOctets),
        ["blobs"] = Interlocked.Read(ref blobs),
        ["blobOctets"] = Interlocked.Read(ref blobOctets),
        ["shared"] = Interlocked.Read(ref shared),
    };
}
