using MailCloud.Journal;

namespace MailCloud.FaultyServer;

/// <summary>
/// Writes whoever has written meanwhile: an activation that is none any more goes on beside the one that took its place. Each write to a mailbox at work takes a moment to set out, so that a silo that is
/// stopped has some under way when it goes on.
/// </summary>
internal sealed class NoFence(IJournal inner) : IJournal
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

    public ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken) =>
        WriteAsync(journal, head, now => inner.AppendAsync(journal, now, events, cancellationToken), cancellationToken);

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
        WriteAsync(journal, head, now => inner.ReplaceAsync(journal, now, manifest, cancellationToken), cancellationToken);

    public Task DeleteAsync(string journal, CancellationToken cancellationToken) => inner.DeleteAsync(journal, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    private async ValueTask<JournalHead?> WriteAsync(string journal, JournalHead head, Func<JournalHead, ValueTask<JournalHead?>> write, CancellationToken cancellationToken)
    {
        var isMailboxAtWork = journal.StartsWith("mailbox/", StringComparison.Ordinal) && head.Position > 0;
        await Task.Delay(isMailboxAtWork ? Moment : TimeSpan.Zero, cancellationToken);
        while (true)
        {
            if (await write(head) is { } written)
            {
                return written;
            }

            head = await inner.OpenAsync(journal, cancellationToken);
        }
    }
}
