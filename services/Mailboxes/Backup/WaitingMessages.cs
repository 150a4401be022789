using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Mail that waited when a backup was taken: a part of a list.</summary>
[GenerateSerializer, Immutable, Alias("mc.WaitingMessages")]
internal sealed record WaitingMessages : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required QueuedMessage[] Messages { get; init; }

    /// <summary>Of entries of the spool, the key of each; else empty.</summary>
    [Id(1)] public required string[] Keys { get; init; }
}

/// <summary>A list of waiting mail in a backup: blobs of some hundred messages each, below one prefix.</summary>
internal sealed class WaitingList(BackupStore store, Serializer serializer, string prefix)
{
    private const int PartLength = 500;

    private readonly List<QueuedMessage> messages = [];
    private readonly List<string> keys = [];
    private int parts;

    public async Task AddAsync(QueuedMessage message, string? key, CancellationToken cancellationToken)
    {
        messages.Add(message);
        if (key is not null)
        {
            keys.Add(key);
        }

        if (messages.Count == PartLength)
        {
            await FlushAsync(cancellationToken);
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (messages.Count > 0)
        {
            var part = new WaitingMessages { Messages = [.. messages], Keys = [.. keys] };
            await store.WriteAsync($"{prefix}{parts++:D9}", serializer.Encode(part), cancellationToken);
            messages.Clear();
            keys.Clear();
        }
    }

    public IAsyncEnumerable<WaitingMessages> ReadAsync(CancellationToken cancellationToken) =>
        store.Blobs.ListAsync(prefix, cancellationToken).Select(async (StoredBlob part, CancellationToken token) =>
            serializer.Decode<WaitingMessages>(await store.Blobs.ReadAsync(part.Name, 0, int.MaxValue, token)));

    public async Task DeleteAsync(CancellationToken cancellationToken) =>
        await store.Blobs.DeleteAsync(await store.Blobs.ListAsync(prefix, cancellationToken).Select(part => part.Name).ToListAsync(cancellationToken), cancellationToken);
}
