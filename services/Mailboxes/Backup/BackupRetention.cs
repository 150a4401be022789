using System.Runtime.CompilerServices;
using System.Text;
using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Mailboxes.Upkeep;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Removes the oldest backups, and then the blobs that no other has. Each backup lists the blobs that the place had and the installation had no more: neither it nor a later one refers to them, unless
/// one came back, which is then missing in the later list. So what the oldest backup lists, and all later ones too, is needed by none once those before it are gone.
/// </summary>
internal sealed class BackupRetention(BackupStore store, IMessageBlobs installation, int keep)
{
    private const int NamesAtOnce = 100_000;
    private const int DeletedAtOnce = 256;

    /// <summary>The names of those that were removed.</summary>
    public async IAsyncEnumerable<string> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var whole = await store.ListAsync(cancellationToken).Select(backup => backup.Name).ToListAsync(cancellationToken);
        foreach (var old in whole.SkipLast(keep))
        {
            await store.RemoveAsync(old, cancellationToken);
            yield return old;
        }

        if (whole.Count > keep)
        {
            await DeleteUnneededAsync([.. whole.TakeLast(keep)], cancellationToken);
        }
    }

    private async Task DeleteUnneededAsync(IReadOnlyList<string> kept, CancellationToken cancellationToken)
    {
        await foreach (var names in GoneAsync(kept[0], cancellationToken).InPagesAsync(NamesAtOnce))
        {
            var unneeded = names.ToHashSet(StringComparer.Ordinal);
            foreach (var later in kept.Skip(1))
            {
                unneeded.IntersectWith(await GoneAsync(later, cancellationToken).Where(unneeded.Contains).ToHashSetAsync(StringComparer.Ordinal, cancellationToken));
            }

            foreach (var page in unneeded.Chunk(DeletedAtOnce))
            {
                await store.Blobs.DeleteAsync(await StillGoneAsync(page, cancellationToken), cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<string>> StillGoneAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        await names.ToAsyncEnumerable().Where(async (name, token) => await installation.FindAsync(name, token) is null).ToListAsync(cancellationToken);

    private async IAsyncEnumerable<string> GoneAsync(string backup, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in store.Blobs.ListAsync(BackupParts.Gone(backup), cancellationToken))
        {
            var names = Encoding.UTF8.GetString((await store.Blobs.ReadAsync(part.Name, 0, int.MaxValue, cancellationToken)).Span);
            foreach (var name in names.Split('\n'))
            {
                yield return name;
            }
        }
    }
}
