using System.Runtime.CompilerServices;
using System.Text.Json;
using MailCloud.Blobs;
using MailCloud.Journal;

namespace MailCloud.Backup;

/// <summary>
/// Backups in one place. They share their blobs, which are immutable and have the names that they have in the installation; each has journals of its own, and what else belongs to it stands in blobs
/// below <c>backup/NAME/</c>. A backup counts once its description is there, which is written last.
/// </summary>
public sealed class BackupStore(IMessageBlobs blobs, IJournal journals, Func<ValueTask> close) : IAsyncDisposable
{
    /// <summary>Of the blobs that belong to backups and not to the installation.</summary>
    public const string Prefix = "backup/";

    private const string DescriptionName = "description";

    /// <summary>Of all backups.</summary>
    public IMessageBlobs Blobs => blobs;

    /// <summary>Of all backups, by name: the blobs that an installation has too.</summary>
    public IAsyncEnumerable<StoredBlob> ListBlobsAsync(CancellationToken cancellationToken) =>
        blobs.ListAsync("", cancellationToken).Where(blob => !blob.Name.StartsWith(Prefix, StringComparison.Ordinal));

    /// <summary>Of the blobs of one backup.</summary>
    public static string PrefixOf(string backup) => $"{Prefix}{backup}/";

    /// <summary>The journals of one backup under their own names.</summary>
    public IJournal JournalsOf(string backup) => new JournalsBelow(journals, $"{backup}/");

    /// <summary>Whole backups, the oldest first.</summary>
    public async IAsyncEnumerable<BackupDescription> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in blobs.ListAsync(Prefix, cancellationToken).ConfigureAwait(false))
        {
            if (blob.Name.EndsWith('/' + DescriptionName, StringComparison.Ordinal))
            {
                var bytes = await blobs.ReadAsync(blob.Name, 0, (int)blob.Length, cancellationToken).ConfigureAwait(false);
                yield return JsonSerializer.Deserialize<BackupDescription>(bytes.Span)!;
            }
        }
    }

    /// <summary>The name of a whole one; of the newest when <paramref name="backup"/> is null.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public async Task<string> FindAsync(string? backup, CancellationToken cancellationToken) =>
        await ListAsync(cancellationToken).Where(whole => backup is null || whole.Name == backup).Select(whole => whole.Name).LastOrDefaultAsync(cancellationToken).ConfigureAwait(false)
        ?? throw new InvalidOperationException(backup is null ? "there is no backup yet" : $"there is no backup {backup}");

    /// <summary>From now on it is a backup.</summary>
    public Task CompleteAsync(BackupDescription description, CancellationToken cancellationToken) =>
        WriteAsync(PrefixOf(description.Name) + DescriptionName, JsonSerializer.SerializeToUtf8Bytes(description), cancellationToken);

    /// <summary>Removes a backup but for the blobs that it shares with others: its description first, so that a part of one is none.</summary>
    public async Task RemoveAsync(string backup, CancellationToken cancellationToken)
    {
        await blobs.DeleteAsync([PrefixOf(backup) + DescriptionName], cancellationToken).ConfigureAwait(false);
        await foreach (var blob in blobs.ListAsync(PrefixOf(backup), cancellationToken).ConfigureAwait(false))
        {
            await blobs.DeleteAsync([blob.Name], cancellationToken).ConfigureAwait(false);
        }

        var own = JournalsOf(backup);
        await Parallel.ForEachAsync(own.ListAsync("", cancellationToken), Lanes.Options(cancellationToken), async (name, token) => await own.DeleteAsync(name, token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Names of backups of which something is there, whole or not, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> ListBegunAsync(CancellationToken cancellationToken)
    {
        // Each is met by the first blob that its taking writes.
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var blob in blobs.ListAsync(Prefix, cancellationToken).ConfigureAwait(false))
        {
            names.Add(blob.Name[Prefix.Length..blob.Name.IndexOf('/', Prefix.Length)]);
        }

        return [.. names];
    }

    public async Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await using var upload = blobs.Create(name, owners: []);
        await upload.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        await upload.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => close();
}

/// <summary>A whole backup.</summary>
/// <param name="Name">The time at which it was begun, UTC: <c>20261128T130501Z</c>. Everything that was acknowledged before is in it.</param>
/// <param name="BegunAt">The same time.</param>
/// <param name="EndedAt">When its last part was written.</param>
/// <param name="Counts">By name: <c>journals</c>, <c>blobs</c>, <c>octets</c> and others.</param>
public sealed record BackupDescription(string Name, DateTimeOffset BegunAt, DateTimeOffset EndedAt, IReadOnlyDictionary<string, long> Counts);
