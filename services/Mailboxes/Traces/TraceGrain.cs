using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Traces;

/// <summary>
/// What became of messages, six hours and a sixteenth of the ids. It answers before its journal has what it was given: events gather for a second and go into the journal together, so that appends follow
/// the clock and not the mail. What a full journal held becomes a segment, which only a question about an id that its filter knows reads.
/// </summary>
[Reentrant]
internal sealed class TraceGrain(GrainStorage storage) : SnapshotGrain<TraceState, TraceBatch>(storage), ITraceGrain
{
    /// <summary>How long events gather. A second of the silo's, and one of the service that sent them, is what may be lost.</summary>
    private static readonly TimeSpan Gathers = TimeSpan.FromSeconds(1);

    /// <summary>Events that are written at once: about half a megabyte.</summary>
    private const int MaxGathered = 1000;

    /// <summary>Events in memory, of a store that takes none any more: about 10 MB.</summary>
    private const int MaxTail = 20_000;

    private readonly List<TraceEvent> gathered = [];

    /// <summary>What a seal in progress moves to a segment that cannot be read yet.</summary>
    private List<TraceEvent> sealing = [];

    private IGrainTimer? timer;

    protected override string JournalName => $"trace/{this.GetPrimaryKeyString()}";

    public Task<bool> RecordAsync(IReadOnlyList<TraceEvent> events)
    {
        ThrowIfFenced();
        if (gathered.Count + State.Tail.Count + sealing.Count + events.Count > MaxTail)
        {
            // What is written stays in memory until a seal, and no further event comes to begin one.
            _ = SealNowAsync();
            return Task.FromResult(false);
        }

        gathered.AddRange(events);
        if (gathered.Count >= MaxGathered)
        {
            Write();
        }
        else
        {
            timer ??= this.RegisterGrainTimer(WriteAsync, new GrainTimerCreationOptions(Gathers, Timeout.InfiniteTimeSpan) { Interleave = true });
        }

        return Task.FromResult(true);
    }

    public async Task<IReadOnlyList<TraceEvent>> FindAsync(string id, int most)
    {
        ThrowIfFenced();
        List<TraceEvent> found = [.. sealing.Concat(State.Tail).Concat(gathered).Where(e => IsAbout(e, id))];
        var readable = State.Segments.SkipLast(sealing.Count > 0 ? 1 : 0).Where(s => TraceFilter.MayHold(s.Filter, id)).ToArray();
        foreach (var segment in readable)
        {
            found.AddRange((await ReadAsync(segment.Blob)).Where(e => IsAbout(e, id)));
        }

        return [.. found.OrderBy(e => e.At).Take(most)];
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (!IsFenced)
        {
            Write();
        }

        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    protected override void Apply(TraceState state, TraceBatch recorded) => state.Tail.AddRange(recorded.Events);

    protected override SealedState Seal(string? archive)
    {
        (sealing, State.Tail) = (State.Tail, []);
        var segment = $"state/{JournalName}/segment-{Guid.CreateVersion7():N}";
        string[] ids = [.. sealing.SelectMany(IdsOf).Distinct(StringComparer.Ordinal)];
        State.Segments.Add(new(segment, TraceFilter.Of(ids)));
        var manifest = base.Seal(archive);
        return manifest with { Blobs = [(segment, Storage.Serializer.Encode(new TraceSegment([.. sealing]))), .. manifest.Blobs] };
    }

    protected override void OnSealed() => sealing = [];

    private static bool IsAbout(TraceEvent happened, string id) => IdsOf(happened).Contains(id);

    /// <summary>The ids by which it is asked for in its shard.</summary>
    private static IEnumerable<string> IdsOf(TraceEvent happened) => happened.Kind == TraceKind.Named ? [happened.MessageId!] : [happened.Delivery.ToString()];

    private Task WriteAsync()
    {
        Write();
        return Task.CompletedTask;
    }

    private void Write()
    {
        timer?.Dispose();
        timer = null;
        if (gathered.Count > 0 && !IsFenced)
        {
            TraceBatch batch = new([.. gathered]);
            gathered.Clear();
            Record(batch);
        }
    }

    private async Task<TraceEvent[]> ReadAsync(string segment)
    {
        try
        {
            return Storage.Serializer.Decode<TraceSegment>(await Storage.Blobs.ReadAsync(segment, 0, int.MaxValue, CancellationToken.None)).Events;
        }
        catch (BlobMissingException)
        {
            // The sweep deletes what has expired while it is asked about.
            return [];
        }
    }
}
