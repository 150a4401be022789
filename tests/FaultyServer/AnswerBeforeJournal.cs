using System.Collections.Concurrent;
using MailCloud.Journal;

namespace MailCloud.FaultyServer;

/// <summary>Says that events are durable a moment before they are written: what dies within that moment was promised and is lost.</summary>
internal sealed class AnswerBeforeJournal(IJournal inner) : IJournal
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <summary>Events that are written at once: an account and its first folders, without which there is nothing to lose.</summary>
    private const int First = 20;

    private readonly ConcurrentDictionary<string, LateWriter> writers = new();

    public async ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken)
    {
        await WrittenAsync(journal);
        return await inner.OpenAsync(journal, cancellationToken);
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

    public ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        if (head.Position < First)
        {
            return inner.AppendAsync(journal, head, events, cancellationToken);
        }

        // The caller may use its buffers again.
        var copies = events.Select(e => (ReadOnlyMemory<byte>)e.ToArray()).ToArray();
        writers.GetOrAdd(journal, _ => new LateWriter(inner, journal, head)).Add(copies);
        return new(head with { Position = head.Position + copies.Length, Bytes = head.Bytes + copies.Sum(c => c.Length) });
    }

    public async ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken)
    {
        await WrittenAsync(journal);
        return await inner.ReplaceAsync(journal, head, manifest, cancellationToken);
    }

    public async Task DeleteAsync(string journal, CancellationToken cancellationToken)
    {
        await WrittenAsync(journal);
        await inner.DeleteAsync(journal, cancellationToken);
    }

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    private async Task WrittenAsync(string journal)
    {
        if (writers.TryRemove(journal, out var writer))
        {
            await writer.Written;
        }
    }

    /// <summary>Gathers the events of one journal for a moment, and then writes them.</summary>
    private sealed class LateWriter(IJournal inner, string journal, JournalHead head)
    {
        private readonly Lock gate = new();
        private List<ReadOnlyMemory<byte>> gathered = [];

        public Task Written { get; private set; } = Task.CompletedTask;

        public void Add(IEnumerable<ReadOnlyMemory<byte>> events)
        {
            lock (gate)
            {
                if (gathered.Count == 0)
                {
                    Written = WriteAsync(Written);
                }

                gathered.AddRange(events);
            }
        }

        private async Task WriteAsync(Task before)
        {
            await before;
            await Task.Delay(Moment);
            List<ReadOnlyMemory<byte>> events;
            lock (gate)
            {
                (events, gathered) = (gathered, []);
            }

            head = await inner.AppendAsync(journal, head, events, CancellationToken.None) ?? throw new JournalMovedException(journal, "a late write");
        }
    }
}
