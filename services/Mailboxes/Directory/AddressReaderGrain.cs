using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// Reads addresses off their journals. A walk over a domain of a million would otherwise leave a million activations in memory, 4 kB each, for none of which anybody asks again; and making them is
/// what a page takes longest for.
/// </summary>
[StatelessWorker, Reentrant]
internal sealed class AddressReaderGrain(GrainStorage storage) : Grain, IAddressReaderGrain
{
    /// <summary>Each is two or three reads of the store, that go over the network in a cluster.</summary>
    private const int AtATime = 64;

    /// <summary>How often a journal is read that its address replaces meanwhile.</summary>
    private const int Attempts = 5;

    public async Task<IReadOnlyList<AddressRecord?>> FindAsync(IReadOnlyList<string> addressKeys)
    {
        var records = new AddressRecord?[addressKeys.Count];

        // Not in this grain's turns, which go one after the other.
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtATime, TaskScheduler = TaskScheduler.Default };
        await Parallel.ForAsync(0, records.Length, parallel, async (i, cancellationToken) => records[i] = await FindAsync(addressKeys[i], cancellationToken));
        return records;
    }

    private async Task<AddressRecord?> FindAsync(string key, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var state = await ReadAsync(AddressGrain.JournalNameOf(key), cancellationToken);
                return state.GoneAt is null ? state.Record : null;
            }
            catch (Exception e) when (e is JournalMovedException or BlobMissingException && attempt < Attempts)
            {
                // Sealed in between: the new manifest is the one to read.
            }
        }
    }

    private async Task<AddressState> ReadAsync(string journal, CancellationToken cancellationToken)
    {
        var head = await storage.Journal.OpenAsync(journal, cancellationToken);
        var state = head.Manifest is { } manifest
            ? storage.Serializer.Decode<AddressState>(await storage.Blobs.ReadAsync(manifest, 0, int.MaxValue, cancellationToken))
            : new AddressState();
        await foreach (var bytes in storage.Journal.ReadAsync(journal, head, cancellationToken))
        {
            state.Apply(storage.Serializer.Decode<AddressChanged>(bytes));
        }

        return state;
    }
}
