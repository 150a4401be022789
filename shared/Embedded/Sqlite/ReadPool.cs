using System.Threading.Channels;

namespace MailCloud.Embedded.Sqlite;

/// <summary>A few connections for reading. A read is short, and its transaction ends with it: one that stays open keeps the WAL from being reset.</summary>
internal sealed class ReadPool : IDisposable
{
    private readonly Channel<Database> free = Channel.CreateUnbounded<Database>();
    private readonly List<Database> all = [];

    public ReadPool(string path, int size)
    {
        for (var i = 0; i < size; i++)
        {
            var database = new Database(path);
            database.Execute("PRAGMA query_only = ON");
            database.Execute("PRAGMA cache_size = -4096");
            all.Add(database);
            free.Writer.TryWrite(database);
        }
    }

    public async ValueTask<T> ReadAsync<T>(Func<Database, T> read, CancellationToken cancellationToken)
    {
        var database = await free.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return read(database);
        }
        finally
        {
            free.Writer.TryWrite(database);
        }
    }

    public void Dispose()
    {
        free.Writer.TryComplete();
        all.ForEach(database => database.Dispose());
    }
}
