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

        await WriteAsync(to, name, await to.OpenAsync(name, cancellationToken).ConfigureAwait(false), head, events, cancellationToken).ConfigureAwait(false);
        return head.Bytes;
    }

    /// <summary>The same of one that the target has not. False: it has one, and keeps it.</summary>
    /// <exception cref="JournalMovedException">Somebody else writes it at this very moment.</exception>
    public static async Task<bool> CopyNewAsync(IJournal from, IJournal to, string name, CancellationToken cancellationToken)
    {
        var target = await to.OpenAsync(name, cancellationToken).ConfigureAwait(false);
        if (target is not { Manifest: null, Position: 0 })
        {
            return false;
        }

        var (head, events) = await ReadAsync(from, name, cancellationToken).ConfigureAwait(false);
        await WriteAsync(to, name, target, head, events, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task WriteAsync(IJournal to, string name, JournalHead target, JournalHead head, List<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        JournalHead? written = target;
        if (head.Manifest is not null)
        {
            written = await to.ReplaceAsync(name, written, head.Manifest, cancellationToken).ConfigureAwait(false);
        }

        if (written is not null && events.Count > 0)
        {
            written = await to.AppendAsync(name, written, events, cancellationToken).ConfigureAwait(false);
        }

        if (written is null)
        {
            throw new JournalMovedException(name, "somebody else writes where it is copied to");
        }
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
