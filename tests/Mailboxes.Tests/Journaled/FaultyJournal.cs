using MailCloud.Journal;

namespace MailCloud.Mailboxes.Tests.Journaled;

/// <summary>A real journal whose writes fail as stores fail: before the write, after it (a lost reply), or because somebody else wrote.</summary>
internal sealed class FaultyJournal(IJournal inner, int seed, string kind = "mailbox/") : IJournal
{
    private readonly Random random = new(seed);

    /// <summary>One write in two fails while this is set.</summary>
    public bool Failing { get; set; }

    public int Faults { get; private set; }

    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) =>
        inner.ReadAsync(journal, head, cancellationToken);

    public ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken) =>
        WriteAsync(journal, () => inner.AppendAsync(journal, head, events, cancellationToken));

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
        WriteAsync(journal, () => inner.ReplaceAsync(journal, head, manifest, cancellationToken));

    public Task DeleteAsync(string journal, CancellationToken cancellationToken) => inner.DeleteAsync(journal, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    private async ValueTask<JournalHead?> WriteAsync(string journal, Func<ValueTask<JournalHead?>> write)
    {
        var fault = Failing && journal.StartsWith(kind, StringComparison.Ordinal) ? Next() : 5;
        switch (fault)
        {
            case 0:
                throw new IOException("the store did not take the write");
            case 1:
                await write();
                throw new TimeoutException("the store took the write, and its reply was lost");
            case 2:
                await write();
                return null;
            default:
                return await write();
        }
    }

    private int Next()
    {
        lock (random)
        {
            var fault = random.Next(6);
            Faults += fault < 3 ? 1 : 0;
            return fault;
        }
    }
}
