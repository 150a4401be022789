using MailCloud.Journal;

namespace MailCloud.Backup;

/// <summary>Copies one journal as it is at one moment: its manifest's name and the events since, in place of what the target has.</summary>
public static class JournalCopy
{
    /// <summary>How often one is read that is replaced meanwhile.</summary>
    private const int Attempts = 10;

    /// <summary>Octets of its events; null when it is not there, in the target either.</summary>
    public static async Task<long?> CopyAsync(IJournal from, IJournal to, string name, CancellationToken cancellationToken)
    {
        var (head, events) = await ReadAsync(from, name, cancellationToken).ConfigureAwait(false);
        await to.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
        if (head is { Manifest: null, Position: 0 })
        {
            return null;
        }

        JournalHead? written = await to.OpenAsync(name, cancellationToken).ConfigureAwait(false);
        if (head.Manifest is not null)
        {
            written = await to.ReplaceAsync(name, written, head.Manifest, cancellationToken).ConfigureAwait(false);
        }

        if (written is not null && events.Count > 0)
        {
            written = await to.AppendAsync(name, written, events, cancellationToken).ConfigureAwait(false);
        }

        return written is not null ? head.Bytes : throw new JournalMovedException(name, "somebody else writes where it is copied to");
    }

    private static async Task<(JournalHead Head, List<ReadOnlyMemory<byte>> Events)> ReadAsync(IJournal from, string name, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var head = await from.OpenAsync(name, cancellationToken).ConfigureAwait(false);
                return (head, await from.ReadAsync(name, head, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (JournalMovedException) when (attempt < Attempts)
            {
                // It was sealed in between.
            }
        }
    }
}
