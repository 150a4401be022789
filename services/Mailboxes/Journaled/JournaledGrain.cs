using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Journaled;

/// <summary>
/// A grain whose state is its journal. Invariants:
/// <list type="number">
/// <item>An event is decided and applied in one synchronous step (<see cref="Record"/>); nothing is awaited between looking at the state and recording.</item>
/// <item>Events are appended only at the position up to which this activation has seen the journal; the store refuses any other.</item>
/// <item>What gathers while an append is in flight goes in the next one (group commit).</item>
/// <item>Every public method ends with <see cref="Durable"/>, reads too: an answer never shows what might still be lost.</item>
/// <item>After a conflict, a time-out or an error of an append the grain fails its waiters, deactivates and never sends the events again: they may have been
/// written, and only a reload knows. The caller repeats its call with the same operation id.</item>
/// <item>An event that cannot be applied is never written: a journal that holds one could not be loaded any more. The activation ends.</item>
/// <item>When the journal has grown long, a flush writes the whole state to new blobs instead of appending, then empties the journal in one fenced step
/// that names the new manifest. A crash before that step leaves only unreferenced blobs.</item>
/// </list>
/// </summary>
internal abstract class JournaledGrain<TState, TEvent>(GrainStorage storage) : Grain
    where TState : class
    where TEvent : class, IStoredRecord
{
    /// <summary>Octets; a reload of this size takes a few milliseconds.</summary>
    private const int MaxJournalBytes = 1024 * 1024;

    /// <summary>How often a journal is read that another writer replaces meanwhile.</summary>
    private const int LoadAttempts = 5;

    private const int DeletedAtOnce = 256;

    private readonly List<TEvent> open = [];
    private TaskCompletionSource openDone = NewCompletion();
    private TaskCompletionSource? inFlightDone;
    private TaskCompletionSource? sealWanted;
    private TaskCompletionSource? ended;
    private Task flusher = Task.CompletedTask;
    private JournalHead head = null!;
    private string? doubt;

    protected GrainStorage Storage => storage;

    protected TState State { get; private set; } = null!;

    /// <summary>The journal's name: <c>kind/key</c>.</summary>
    protected abstract string JournalName { get; }

    /// <summary>A reload reads the whole journal, and an append blob takes 50,000 blocks: the state is sealed long before.</summary>
    protected virtual int MaxJournalEvents => 1000;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                head = await storage.Journal.OpenAsync(JournalName, cancellationToken);
                State = await LoadAsync(head.Manifest, cancellationToken);
                await foreach (var bytes in storage.Journal.ReadAsync(JournalName, head, cancellationToken))
                {
                    Apply(State, storage.Serializer.Decode<TEvent>(bytes));
                }

                return;
            }
            catch (Exception e) when (e is JournalMovedException or BlobMissingException && attempt < LoadAttempts)
            {
                // Another activation sealed in between: its manifest is the one to read.
            }
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        await flusher.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>The state that a manifest stands for; an empty one when there is none.</summary>
    protected abstract Task<TState> LoadAsync(string? manifest, CancellationToken cancellationToken);

    /// <summary>Changes the state by one event. It decides nothing: it also replays what was decided long ago.</summary>
    protected abstract void Apply(TState state, TEvent recorded);

    /// <summary>Loads what <see cref="Seal"/> will need, as that cannot wait.</summary>
    protected virtual Task PrepareToSealAsync() => Task.CompletedTask;

    /// <summary>Turns the state into blobs, in one synchronous step. <paramref name="archive"/> names the blob that will keep the events it replaces; null: they are not kept.</summary>
    protected abstract SealedState Seal(string? archive);

    /// <summary>Called when the blobs of the last <see cref="Seal"/> are durable and the journal names them.</summary>
    protected virtual void OnSealed()
    {
    }

    /// <summary>Called each time that what was recorded has become durable.</summary>
    protected virtual void OnDurable()
    {
    }

    /// <summary>Called once, when a write is in doubt: what is in memory alone goes with this activation.</summary>
    protected virtual void OnFenced()
    {
    }

    /// <summary>The name of a new blob for the events which a seal replaces; null when this kind of grain does not keep them.</summary>
    protected virtual string? NewArchiveName() => null;

    /// <summary>True once a write is in doubt: the activation is ending and records nothing more.</summary>
    protected bool IsFenced => doubt is not null;

    protected void Record(TEvent recorded)
    {
        ThrowIfFenced();
        try
        {
            Apply(State, recorded);
        }
        catch (Exception e)
        {
            // Never written: every later load would fail at it. The state may hold half of it, so this activation ends.
            Fence(e);
            throw;
        }

        open.Add(recorded);
        if (flusher.IsCompleted)
        {
            flusher = FlushAsync();
        }
    }

    /// <summary>Seals although the journal is short, with nothing to record too: for a state that must give up memory. Completes when the seal is durable.</summary>
    protected Task SealNowAsync()
    {
        ThrowIfFenced();
        sealWanted ??= NewCompletion();
        if (flusher.IsCompleted)
        {
            flusher = FlushAsync();
        }

        return sealWanted.Task;
    }

    /// <summary>Completes when everything recorded so far is durable; fails when that is in doubt.</summary>
    protected Task Durable()
    {
        ThrowIfFenced();
        return open.Count > 0 ? openDone.Task : inFlightDone?.Task ?? Task.CompletedTask;
    }

    protected void ThrowIfFenced()
    {
        if (doubt is not null)
        {
            throw new JournalMovedException(JournalName, doubt);
        }
    }

    /// <summary>
    /// What a grain answers that may ask this one meanwhile; fails once a write is in doubt. An activation that is ending hears no question before what runs in it has ended: were that to wait for the
    /// answer all the same, both would until the call times out.
    /// </summary>
    protected async Task<T> AnswerOf<T>(Task<T> call)
    {
        await AnswerOf((Task)call);
        return await call;
    }

    /// <inheritdoc cref="AnswerOf{T}"/>
    protected async Task AnswerOf(Task call)
    {
        ThrowIfFenced();
        ended ??= NewCompletion();
        await Task.WhenAny(call, ended.Task);
        ThrowIfFenced();
        await call;
    }

    private static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Deletes the journal, and then every blob of the state: a crash in between leaves blobs for a repeat. The activation ends, and another one that has the journal open is refused from then on.
    /// </summary>
    /// <param name="prefix">Of the names of the state's blobs, which end in a part without a slash.</param>
    protected async Task DestroyAsync(string prefix)
    {
        ThrowIfFenced();
        End("it was deleted");
        await flusher;
        await storage.Journal.DeleteAsync(JournalName, CancellationToken.None);
        var parts = storage.Blobs.ListAsync(prefix, CancellationToken.None).Where(blob => !blob.Name.AsSpan(prefix.Length).Contains('/'));
        await foreach (var page in parts.InPagesAsync(DeletedAtOnce))
        {
            await storage.Blobs.DeleteAsync([.. page.Select(blob => blob.Name)], CancellationToken.None);
        }
    }

    private async Task FlushAsync()
    {
        await Task.Yield();
        while ((open.Count > 0 || sealWanted is not null) && !IsFenced)
        {
            try
            {
                var seal = sealWanted is not null || head.Position >= MaxJournalEvents || head.Bytes >= MaxJournalBytes;
                if (seal)
                {
                    await PrepareToSealAsync();
                    ThrowIfFenced();
                }

                head = await (seal ? SealBatchAsync() : AppendBatchAsync()) ?? throw new JournalMovedException(JournalName, "another activation wrote to it");
                if (IsFenced)
                {
                    return;
                }

                inFlightDone!.SetResult();
                inFlightDone = null;
                if (seal)
                {
                    sealWanted?.SetResult();
                    sealWanted = null;
                }

                OnDurable();
            }
            catch (Exception e)
            {
                Fence(e);
                return;
            }
        }
    }

    // Synchronous up to its first await: from here on the batch is in flight, and what is recorded later waits for the next.
    private TEvent[] TakeBatch()
    {
        var batch = open.ToArray();
        open.Clear();
        (inFlightDone, openDone) = (openDone, NewCompletion());
        return batch;
    }

    private async Task<JournalHead?> AppendBatchAsync()
    {
        var bytes = Array.ConvertAll(TakeBatch(), e => (ReadOnlyMemory<byte>)storage.Serializer.Encode(e));
        return await storage.Journal.AppendAsync(JournalName, head, bytes, CancellationToken.None);
    }

    private async Task<JournalHead?> SealBatchAsync()
    {
        // The state holds the batch already, so the blobs made of it do too: the replacement makes both durable at once.
        var batch = TakeBatch();
        var archive = NewArchiveName();
        var sealedState = Seal(archive);
        foreach (var (name, bytes) in sealedState.Blobs)
        {
            await WriteAsync(name, [bytes]);
        }

        if (archive is not null)
        {
            await WriteAsync(archive, await ArchiveAsync(batch));
        }

        var replaced = await storage.Journal.ReplaceAsync(JournalName, head, sealedState.Manifest, CancellationToken.None);
        if (replaced is not null)
        {
            OnSealed();
        }

        return replaced;
    }

    private async Task<List<ReadOnlyMemory<byte>>> ArchiveAsync(TEvent[] batch)
    {
        var segment = new List<ReadOnlyMemory<byte>>();
        await foreach (var bytes in storage.Journal.ReadAsync(JournalName, head, CancellationToken.None))
        {
            Add(bytes);
        }

        foreach (var recorded in batch)
        {
            Add(storage.Serializer.Encode(recorded));
        }

        return segment;

        void Add(ReadOnlyMemory<byte> bytes)
        {
            segment.Add(BitConverter.GetBytes(bytes.Length));
            segment.Add(bytes);
        }
    }

    private async Task WriteAsync(string name, IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        await using var upload = storage.Blobs.Create(name, owners: []);
        foreach (var piece in pieces)
        {
            await upload.WriteAsync(piece, CancellationToken.None);
        }

        await upload.CommitAsync(CancellationToken.None);
    }

    private void Fence(Exception reason)
    {
        if (IsFenced)
        {
            return;
        }

        storage.Telemetry.InDoubt(JournalName, reason);
        MailboxesLog.JournalInDoubt(storage.Loggers.CreateLogger(GetType()), JournalName, reason);
        End(reason.Message);
    }

    private void End(string why)
    {
        doubt = why;
        ended?.SetResult();
        OnFenced();
        DeactivateOnIdle();
        var failure = new JournalMovedException(JournalName, doubt);
        Fail(inFlightDone, failure);
        Fail(openDone, failure);
        Fail(sealWanted, failure);
    }

    private static void Fail(TaskCompletionSource? waiters, Exception failure)
    {
        if (waiters is not null && waiters.TrySetException(failure))
        {
            // Nobody may be waiting: an exception that nobody observes is none.
            _ = waiters.Task.Exception;
        }
    }
}

/// <summary>A whole state as blobs, in the order in which they must be written; <paramref name="Manifest"/> is the name of the last, which refers to the others.</summary>
internal sealed record SealedState(IReadOnlyList<(string Name, ReadOnlyMemory<byte> Bytes)> Blobs, string Manifest);
