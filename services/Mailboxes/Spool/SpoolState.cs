using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>A shard in memory. The whole of it is sealed as one blob: fit for local retries; pages on storage come with relaying in bulk.</summary>
[GenerateSerializer, Alias("mc.SpoolState")]
internal sealed record SpoolState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>A hand-over is repeated only while its queue entry lives; nothing older than this is filed or relayed without an operator.</summary>
    private static readonly TimeSpan FinishedMemory = TimeSpan.FromDays(14);

    [Id(0)] public Dictionary<string, SpoolEntry> Entries { get; init; } = [];

    /// <summary>Keys that had their outcome, with its time: a repeated hand-over of these is no new work.</summary>
    [Id(1)] public Dictionary<string, DateTimeOffset> Finished { get; init; } = [];

    public bool Knows(string key) => Entries.ContainsKey(key) || Finished.ContainsKey(key);

    public void Apply(SpoolEvent recorded)
    {
        switch (recorded)
        {
            case EntriesAdded e:
                foreach (var entry in e.Entries)
                {
                    Entries[entry.Key] = entry;
                }

                break;
            case AttemptFailed e when Entries.TryGetValue(e.Key, out var entry):
                Entries[e.Key] = entry with
                {
                    Attempts = entry.Attempts + 1,
                    DueAt = e.DueAt,
                    LastError = e.Error,
                    DelayReported = entry.DelayReported || e.DelayReported,
                };
                break;
            case EntryFinished e:
                Entries.Remove(e.Key);
                Finished[e.Key] = e.At;
                break;
        }
    }

    public void Forget(DateTimeOffset now)
    {
        foreach (var key in Finished.Where(f => f.Value < now - FinishedMemory).Select(f => f.Key).ToArray())
        {
            Finished.Remove(key);
        }
    }
}
