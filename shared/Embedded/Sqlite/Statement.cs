using SQLitePCL;

namespace MailCloud.Embedded.Sqlite;

/// <summary>A prepared statement. Parameters are bound in order, columns are read by number; disposing makes it ready for its next use.</summary>
internal sealed class Statement(Database database, sqlite3_stmt handle) : IDisposable
{
    private int bound;

    public Statement Bind(long value)
    {
        database.Check(raw.sqlite3_bind_int64(handle, ++bound, value));
        return this;
    }

    public Statement Bind(string? value)
    {
        database.Check(value is null ? raw.sqlite3_bind_null(handle, ++bound) : raw.sqlite3_bind_text(handle, ++bound, value));
        return this;
    }

    public Statement Bind(ReadOnlySpan<byte> value)
    {
        // An empty span has no address, and SQLite takes a blob without one for NULL.
        database.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, ++bound, 0) : raw.sqlite3_bind_blob(handle, ++bound, value));
        return this;
    }

    /// <summary>True when there is a row to read.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        database.Check(code);
        return false;
    }

    /// <summary>Runs to the end and returns the number of rows touched.</summary>
    public int Run()
    {
        while (Step())
        {
        }

        return database.Changes;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Long(int column) => raw.sqlite3_column_int64(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A copy: SQLite's own memory is gone with the next step.</summary>
    public byte[] Blob(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    public void Dispose()
    {
        bound = 0;
        // The error of a failed step is returned by reset once more; it was thrown already.
        raw.sqlite3_reset(handle);
        raw.sqlite3_clear_bindings(handle);
    }

    public void Free() => handle.Dispose();
}
