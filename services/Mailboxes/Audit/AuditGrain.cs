using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Audit;

/// <summary>
/// What administrators did, of one tenant or of the platform. A full journal's records become a segment, which only a page of that time reads: an addition costs the same however long the log is, but for
/// the list of segments, 100 octets for about 500 records.
/// </summary>
[Reentrant]
internal sealed class AuditGrain(GrainStorage storage) : SnapshotGrain<AuditState, AuditEvent>(storage), IAuditGrain
{
    /// <summary>A record without an end waits for it in memory for so long; most requests take less than a second, an import of a million accounts longer.</summary>
    private static readonly TimeSpan openFor = TimeSpan.FromHours(1);

    /// <summary>What a seal in progress moves to a segment that cannot be read yet.</summary>
    private AuditRecord[] sealing = [];

    protected override string JournalName => $"audit/{this.GetPrimaryKeyString()}";

    public async Task BeginAsync(AuditRecord record)
    {
        Record(new AuditAdded(record with { Sequence = State.Sequence + 1 }));
        await Durable();
    }

    public async Task EndAsync(AuditRecord record)
    {
        Record(State.Tail.FindLastIndex(open => open.Act == record.Act) >= 0
            ? new AuditEnded(record.Act, record.Status, record.Before, record.After)
            : new AuditAdded(record with { Sequence = State.Sequence + 1 }));
        await Durable();
    }

    public async Task<IReadOnlyList<AuditRecord>> GetPageAsync(long after, DateTimeOffset since, int count)
    {
        // All of it as it is now: while segments are read the tail may become one.
        AuditRecord[] tail = [.. sealing, .. State.Tail];
        var segments = State.Segments.SkipLast(sealing.Length > 0 ? 1 : 0).Where(segment => segment.Last > after && segment.LastAt >= since).ToArray();
        await Durable();
        var page = new List<AuditRecord>();
        foreach (var segment in segments)
        {
            page.AddRange((await ReadAsync(segment.Blob)).Where(IsAsked));
            if (page.Count >= count)
            {
                break;
            }
        }

        return [.. page.Concat(page.Count < count ? tail.Where(IsAsked) : []).Take(count)];

        bool IsAsked(AuditRecord record) => record.Sequence > after && record.At >= since;
    }

    protected override void Apply(AuditState state, AuditEvent recorded)
    {
        switch (recorded)
        {
            case AuditAdded(var record):
                state.Tail.Add(record);
                state.Sequence = record.Sequence;
                break;
            case AuditEnded ended when state.Tail.FindLastIndex(record => record.Act == ended.Act) is >= 0 and var at:
                state.Tail[at] = state.Tail[at] with { Status = ended.Status, Before = ended.Before, After = ended.After };
                break;
        }
    }

    protected override SealedState Seal(string? archive)
    {
        var now = Storage.Time.GetUtcNow();
        State.Segments.RemoveAll(segment => segment.LastAt < now - AuditLogs.KeptFor);
        sealing = [.. State.Tail.TakeWhile(record => record.Status is not null || record.At < now - openFor)];
        if (sealing.Length == 0)
        {
            return base.Seal(archive);
        }

        State.Tail.RemoveRange(0, sealing.Length);
        var segment = $"state/{JournalName}/segment-{Guid.CreateVersion7():N}";
        State.Segments.Add(new(segment, sealing[^1].Sequence, sealing.Max(record => record.At)));
        var manifest = base.Seal(archive);
        return manifest with { Blobs = [(segment, Storage.Serializer.Encode(new AuditSegment(sealing))), .. manifest.Blobs] };
    }

    protected override void OnSealed() => sealing = [];

    private async Task<AuditRecord[]> ReadAsync(string segment)
    {
        try
        {
            return Storage.Serializer.Decode<AuditSegment>(await Storage.Blobs.ReadAsync(segment, 0, int.MaxValue, CancellationToken.None)).Records;
        }
        catch (BlobMissingException)
        {
            // The sweep deletes what is too old while it is asked about.
            return [];
        }
    }
}
