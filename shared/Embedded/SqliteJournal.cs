using System.Runtime.CompilerServices;
using MailCloud.Embedded.Sqlite;
using MailCloud.Journal;

namespace MailCloud.Embedded;

/// <summary>
/// Journals as rows of the storage file. The fence: the head must have the epoch and the position that the caller saw, in the transaction that moves it and adds
/// the events, of the file's only writer.
/// </summary>
internal sealed class SqliteJournal(EmbeddedStore store) : IJournal
{
    /// <summary>Events and octets read in one go: a reader's transaction stays short, and memory bounded, however long a journal is.</summary>
    private const int PageEvents = 256;
    private const int PageBytes = 1 << 20;
    private const int PageNames = 500;

    public async ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) =>
        await store.Reader.ReadAsync(database => ReadHead(database, journal), cancellationToken).ConfigureAwait(false);

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string journal, JournalHead head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = 0L;
        while (position < head.Position)
        {
            var page = await store.Reader.ReadAsync(database => ReadPage(database, journal, head, position), cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                throw new JournalMovedException(journal, "it was replaced while it was read");
            }

            foreach (var bytes in page)
            {
                yield return bytes;
            }

            position += page.Count;
        }
    }

    public async ValueTask<JournalHead?> AppendAsync(
        string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        var size = events.Sum(bytes => (long)bytes.Length);
        var next = head with { Position = head.Position + events.Count, Bytes = head.Bytes + size };
        var moved = await store.Writer.WriteAsync(database => Append(database, journal, head, next, events), null, cancellationToken).ConfigureAwait(false);
        return moved ? next : null;
    }

    public async ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken)
    {
        var next = new JournalHead(head.Epoch + 1, 0, 0, manifest, null);
        var moved = await store.Writer.WriteAsync(database => Replace(database, journal, head, next), null, cancellationToken).ConfigureAwait(false);
        return moved ? next : null;
    }

    public async Task DeleteAsync(string journal, CancellationToken cancellationToken) =>
        await store.Writer.WriteAsync(database => Delete(database, journal), null, cancellationToken).ConfigureAwait(false);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => ListAsync(prefix, "", cancellationToken);

    public async IAsyncEnumerable<string> ListAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await store.Reader.ReadAsync(database => ReadNames(database, prefix, after), cancellationToken).ConfigureAwait(false);
            foreach (var name in page)
            {
                yield return name;
            }

            if (page.Count < PageNames)
            {
                yield break;
            }

            after = page[^1];
        }
    }

    private static JournalHead ReadHead(Database database, string journal)
    {
        using var statement = database.Prepare("SELECT epoch, position, bytes, manifest FROM head WHERE journal = ?").Bind(journal);
        return statement.Step()
            ? new JournalHead(statement.Long(0), statement.Long(1), statement.Long(2), statement.TextOrNull(3), null)
            : new JournalHead(0, 0, 0, null, null);
    }

    /// <summary>The epoch is looked at by the statement that reads the events, so that both are of one moment.</summary>
    private static List<ReadOnlyMemory<byte>> ReadPage(Database database, string journal, JournalHead head, long from)
    {
        using var statement = database.Prepare("""
            SELECT bytes FROM event
            WHERE head = (SELECT id FROM head WHERE journal = ? AND epoch = ?) AND position >= ? AND position < ?
            ORDER BY position
            """).Bind(journal).Bind(head.Epoch).Bind(from).Bind(Math.Min(head.Position, from + PageEvents));
        List<ReadOnlyMemory<byte>> page = [];
        var octets = 0;
        while (octets < PageBytes && statement.Step())
        {
            var bytes = statement.Blob(0);
            octets += bytes.Length;
            page.Add(bytes);
        }

        return page;
    }

    private static bool Append(Database database, string journal, JournalHead head, JournalHead next, IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        if (MoveHead(database, journal, head, next) is not { } id)
        {
            return false;
        }

        var position = head.Position;
        foreach (var bytes in events)
        {
            using var insert = database.Prepare("INSERT INTO event (head, position, bytes) VALUES (?, ?, ?)");
            insert.Bind(id).Bind(position++).Bind(bytes.Span).Run();
        }

        return true;
    }

    private static bool Replace(Database database, string journal, JournalHead head, JournalHead next)
    {
        if (MoveHead(database, journal, head, next) is not { } id)
        {
            return false;
        }

        using var delete = database.Prepare("DELETE FROM event WHERE head = ?");
        delete.Bind(id).Run();
        return true;
    }

    private static bool Delete(Database database, string journal)
    {
        using var events = database.Prepare("DELETE FROM event WHERE head = (SELECT id FROM head WHERE journal = ?)");
        events.Bind(journal).Run();
        using var head = database.Prepare("DELETE FROM head WHERE journal = ?");
        return head.Bind(journal).Run() == 1;
    }

    /// <summary>The fence: the head's row moves only from where the caller saw it. Null when it stands elsewhere; nothing has changed then.</summary>
    private static long? MoveHead(Database database, string journal, JournalHead from, JournalHead to)
    {
        // Two statements in one transaction, not one with RETURNING, which makes a table of its own for its rows each time.
        if (FindHead(database, journal, from) is { } id)
        {
            using var update = database.Prepare("UPDATE head SET epoch = ?, position = ?, bytes = ?, manifest = ? WHERE id = ?");
            update.Bind(to.Epoch).Bind(to.Position).Bind(to.Bytes).Bind(to.Manifest).Bind(id).Run();
            return id;
        }

        // A journal that was never written has no row: of two writers who both saw none, one inserts it.
        if (from is not { Epoch: 0, Position: 0 })
        {
            return null;
        }

        using var insert = database.Prepare(
            "INSERT INTO head (journal, epoch, position, bytes, manifest) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
        return insert.Bind(journal).Bind(to.Epoch).Bind(to.Position).Bind(to.Bytes).Bind(to.Manifest).Run() == 1 ? database.LastInsertId : null;
    }

    private static long? FindHead(Database database, string journal, JournalHead at)
    {
        using var find = database.Prepare("SELECT id FROM head WHERE journal = ? AND epoch = ? AND position = ?");
        find.Bind(journal).Bind(at.Epoch).Bind(at.Position);
        return find.Step() ? find.Long(0) : null;
    }

    private static List<string> ReadNames(Database database, string prefix, string after)
    {
        using var statement = database.Prepare("SELECT journal FROM head WHERE journal >= ? AND journal > ? ORDER BY journal LIMIT ?")
            .Bind(prefix).Bind(after).Bind(PageNames);
        List<string> names = [];
        while (statement.Step() && statement.Text(0) is var name && name.StartsWith(prefix, StringComparison.Ordinal))
        {
            names.Add(name);
        }

        return names;
    }
}
