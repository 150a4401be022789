using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>
/// One long work. Invariants:
/// <list type="number">
/// <item>What is done beside the journal may be done again: a line of an import that was done is unchanged the next time, a check reads, and what a sweep deleted is gone.</item>
/// <item>How far an import is goes into the journal after each step, together with what became of its lines. A death repeats the lines of one step.</item>
/// <item>A walk has no place to go on from: after a death it begins anew. Its counts are in memory until it is complete.</item>
/// <item>The job ends in its journal, then its input is deleted, and last the queue is told, which calls it until then.</item>
/// </list>
/// </summary>
[Reentrant, Immovable]
internal sealed class JobGrain(GrainStorage storage, JobWorks works, UnknownNames unknown) : SnapshotGrain<JobState, JobEvent>(storage), IJobGrain, IDisposable
{
    public const string Prefix = "job/";

    /// <summary>After its id was made; later the queue may have dropped it.</summary>
    public static readonly TimeSpan MadeWithin = TimeSpan.FromMinutes(1);

    /// <summary>How often it is begun without advancing before it is given up: with ten seconds in between.</summary>
    private const int MostAttempts = 10;

    /// <summary>Findings that are recorded before the walk waits for the journal.</summary>
    private const int FindingsAtOnce = 100;

    private const int DeletedAtOnce = 256;

    private static readonly TimeSpan inputWithin = TimeSpan.FromDays(1);

    private CancellationTokenSource stopping = new();
    private Task working = Task.CompletedTask;

    /// <summary>What is being done.</summary>
    private IJobWork? work;

    /// <summary>What ended the last attempt.</summary>
    private string? lastFault;

    /// <summary>What a seal in progress moves to a segment that cannot be read yet.</summary>
    private JobRecord[] sealing = [];

    private string Id => this.GetPrimaryKeyString();

    private bool TakesInput => State.Spec is { Kind: JobKind.ImportAccounts };

    private bool AwaitsInput => TakesInput && State.Input is null;

    private bool IsOpen => State is { Spec: not null, EndedAt: null };

    protected override string JournalName => Prefix + Id;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Spec is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await working.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    public void Dispose() => stopping.Dispose();

    public async Task<JobInfo?> CreateAsync(JobSpec spec)
    {
        if (State.Spec is null && Storage.Time.GetUtcNow() - JobIds.MadeAt(Id) <= MadeWithin)
        {
            Record(new JobCreated(spec));
        }

        return await FindAsync();
    }

    public async Task<JobInfo?> FindAsync()
    {
        var info = State.Spec is { } spec ? InfoOf(spec) : null;
        await Durable();
        return info;
    }

    public async Task<bool> TakeInputAsync(string blob, long lines)
    {
        var isTaken = IsOpen && TakesInput && (State.Input is null || State.Input == blob) && State.CancelledBy is null;
        if (isTaken && State.Input is null)
        {
            Record(new JobInputTaken(blob, lines));
        }

        await Durable();
        if (isTaken)
        {
            await Queue().PokeAsync();
        }

        return isTaken;
    }

    public async Task<IReadOnlyList<JobRecord>> GetRecordsAsync(long after, int count)
    {
        // All of it as it is now: while segments are read the tail may become one.
        JobRecord[] tail = [.. sealing, .. State.Tail];
        var segments = State.Segments.SkipLast(sealing.Length > 0 ? 1 : 0).Where(segment => segment.Last > after).ToArray();
        await Durable();
        var page = new List<JobRecord>();
        foreach (var segment in segments.TakeWhile(_ => page.Count < count))
        {
            var records = Storage.Serializer.Decode<JobSegment>(await Storage.Blobs.ReadAsync(segment.Blob, 0, int.MaxValue, CancellationToken.None)).Records;
            page.AddRange(records.Where(record => record.Sequence > after));
        }

        return [.. page.Concat(tail.Where(record => record.Sequence > after)).Take(count)];
    }

    public async Task<JobInfo?> CancelAsync(string by)
    {
        if (IsOpen && State.CancelledBy is null)
        {
            Record(new JobCancelled(by));
            if (!TakesInput)
            {
                // A step of an import is short, and so finished that its lines are counted.
                await stopping.CancelAsync();
            }
        }

        if (IsOpen && working.IsCompleted)
        {
            EndCancelled();
            await CleanAsync();
        }

        return await FindAsync();
    }

    public async Task<JobStanding> GoOnAsync()
    {
        if (State.Spec is null)
        {
            await Durable();
            return JobStanding.Missing;
        }

        if (IsOpen && working.IsCompleted)
        {
            Begin();
        }

        var standing = !IsOpen ? JobStanding.Ended : AwaitsInput ? JobStanding.AwaitsInput : JobStanding.Running;
        await Durable();
        if (standing == JobStanding.Ended)
        {
            await RemoveInputAsync();
        }

        return standing;
    }

    public async Task<bool> ForgetAsync()
    {
        var isOpen = IsOpen;
        await Durable();
        if (!isOpen)
        {
            await DestroyAsync();
        }

        return !isOpen;
    }

    public async Task DestroyAsync()
    {
        await stopping.CancelAsync();
        await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // The journal last: while it is there somebody finds what is left of it.
        await RemoveInputAsync();
        await DestroyStateAsync();
    }

    protected override void OnFenced() => stopping.Cancel();

    protected override void Apply(JobState state, JobEvent recorded)
    {
        switch (recorded)
        {
            case JobCreated created:
                state.Spec = created.Spec;
                break;
            case JobInputTaken taken:
                (state.Input, state.Total) = (taken.Blob, taken.Lines);
                break;
            case JobBegun begun:
                ApplyBegun(state, begun);
                break;
            case JobAdvanced advanced:
                ApplyAdvanced(state, advanced);
                break;
            case JobFound found:
                AddRecord(state, found.Record);
                break;
            case JobCancelled cancelled:
                state.CancelledBy = cancelled.By;
                break;
            case JobEnded ended:
                (state.EndedAt, state.Status, state.Why) = (ended.At, ended.Status, ended.Why);
                foreach (var (name, count) in ended.Counts ?? [])
                {
                    state.Counts[name] = count;
                }

                break;
        }
    }

    protected override SealedState Seal(string? archive)
    {
        if (State.Tail.Count == 0)
        {
            return base.Seal(archive);
        }

        sealing = [.. State.Tail];
        State.Tail.Clear();
        var segment = $"state/{JournalName}/records-{Guid.CreateVersion7():N}";
        State.Segments.Add(new(segment, sealing[^1].Sequence));
        var manifest = base.Seal(archive);
        return manifest with { Blobs = [(segment, Storage.Serializer.Encode(new JobSegment(sealing))), .. manifest.Blobs] };
    }

    protected override void OnSealed() => sealing = [];

    private static void ApplyBegun(JobState state, JobBegun begun)
    {
        state.StartedAt ??= begun.At;
        state.Status = JobStatus.Running;
        state.Attempts++;
        if (JobWorks.FindsAllAgain(state.Spec!.Kind))
        {
            // Numbers go on, so that a reader who has some of the earlier ones sees the new.
            state.Segments.Clear();
            state.Tail.Clear();
        }
    }

    private static void ApplyAdvanced(JobState state, JobAdvanced advanced)
    {
        state.Attempts = 0;
        state.Offset += advanced.Octets;
        state.Done += advanced.Lines;
        foreach (var (name, count) in advanced.Counts)
        {
            state.Counts[name] = state.Counts.GetValueOrDefault(name) + count;
        }

        foreach (var record in advanced.Records)
        {
            AddRecord(state, record);
        }
    }

    private static void AddRecord(JobState state, JobRecord record) => state.Tail.Add(record with { Sequence = ++state.Sequence });

    private void Begin()
    {
        if (State.CancelledBy is not null)
        {
            EndCancelled();
        }
        else if (AwaitsInput)
        {
            if (Storage.Time.GetUtcNow() - JobIds.MadeAt(Id) > inputWithin)
            {
                End(JobStatus.Failed, "no input came within a day: begin another job");
            }
        }
        else if (State.Attempts >= MostAttempts)
        {
            End(JobStatus.Failed, $"it broke off {State.Attempts} times: {lastFault ?? "its process ended"}");
        }
        else
        {
            Record(new JobBegun(Storage.Time.GetUtcNow()));
            working = WorkAsync(stopping.Token);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Durable();
            work = works.New(State, cancellationToken);
            await WorkAsync(work, cancellationToken);
            await CleanAsync();
        }
        catch (OperationCanceledException) when (State.CancelledBy is not null && IsOpen && !IsFenced)
        {
            EndCancelled();
            await CleanAsync();
        }
        catch (JobRefusedException e) when (IsOpen && !IsFenced)
        {
            End(JobStatus.Failed, e.Message, work?.Counts is { } counts ? new(counts) : null);
            await CleanAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Its queue calls it again.
            lastFault = e.Message;
            MailboxesLog.JobBrokeOff(Storage.Loggers.CreateLogger<JobGrain>(), Id, e);
        }
        finally
        {
            work = null;
        }
    }

    private async Task WorkAsync(IJobWork begun, CancellationToken cancellationToken)
    {
        var unwritten = 0;
        await foreach (var done in begun.RunAsync(State, cancellationToken))
        {
            Record(done);
            if (done is JobAdvanced || ++unwritten % FindingsAtOnce == 0)
            {
                await Durable();
            }

            if (IsOpen && State.CancelledBy is not null)
            {
                throw new OperationCanceledException();
            }
        }
    }

    private void EndCancelled() => End(JobStatus.Cancelled, $"cancelled by {State.CancelledBy}");

    private void End(JobStatus status, string why, Dictionary<string, long>? counts = null) => Record(new JobEnded(Storage.Time.GetUtcNow(), status, why, counts));

    // It has ended.
    private async Task CleanAsync()
    {
        await Durable();
        await RemoveInputAsync();
        await Queue().EndedAsync(Id);
    }

    private IJobQueueGrain Queue() => GrainFactory.GetGrain<IJobQueueGrain>((long)State.Spec!.Kind);

    private async Task RemoveInputAsync()
    {
        if (TakesInput)
        {
            await foreach (var page in Storage.Blobs.ListAsync(JobInputs.PrefixOf(State.Spec!.Tenant, Id), CancellationToken.None).InPagesAsync(DeletedAtOnce))
            {
                await Storage.Blobs.DeleteAsync([.. page.Select(blob => blob.Name)], CancellationToken.None);
            }
        }
    }

    private JobInfo InfoOf(JobSpec spec)
    {
        var counts = work?.Counts ?? State.Counts;
        return new()
        {
            Id = Id,
            Spec = spec,
            Status = State.Status,
            AwaitsInput = AwaitsInput && IsOpen,
            Done = TakesInput ? State.Done : JobWorks.LookedAt(spec.Kind, counts),
            Total = State.Total,
            Counts = new Dictionary<string, long>(counts),
            StartedAt = State.StartedAt,
            EndedAt = State.EndedAt,
            Why = State.Why ?? (State.CancelledBy is { } by ? $"{by} cancelled it: it ends soon" : AwaitsInput ? $"it waits for its input: PUT it to /admin/v1/jobs/{Id}/input within a day" : null),
        };
    }
}
