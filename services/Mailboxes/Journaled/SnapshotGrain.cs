using MailCloud.Messages;

namespace MailCloud.Mailboxes.Journaled;

/// <summary>A journaled grain whose whole state is one small record, sealed as one blob.</summary>
internal abstract class SnapshotGrain<TState, TEvent>(GrainStorage storage) : JournaledGrain<TState, TEvent>(storage)
    where TState : class, IStoredRecord, new()
    where TEvent : class, IStoredRecord
{
    private string BlobPrefix => $"state/{JournalName}/";

    protected override async Task<TState> LoadAsync(string? manifest, CancellationToken cancellationToken) => manifest is null
        ? new TState()
        : Storage.Serializer.Decode<TState>(await Storage.Blobs.ReadAsync(manifest, 0, int.MaxValue, cancellationToken));

    /// <summary>Deletes the journal and the state.</summary>
    protected Task DestroyStateAsync() => DestroyAsync(BlobPrefix);

    protected override SealedState Seal(string? archive)
    {
        var name = $"{BlobPrefix}{Guid.CreateVersion7():N}";
        return new([(name, Storage.Serializer.Encode(State))], name);
    }
}
