using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MailCloud.Embedded.Sqlite;

/// <summary>
/// One SQLite connection with its prepared statements, for one thread at a time. It stands directly on SQLite's own interface: blobs are
/// bound from memory as it is (Microsoft.Data.Sqlite's parameters want an array of exactly the value), and each statement is compiled once.
/// </summary>
internal sealed class Database : IDisposable
{
    private readonly Dictionary<string, Statement> statements = new(StringComparer.Ordinal);
    private readonly sqlite3 handle;

    static Database() => Batteries_V2.Init();

    public Database(string path)
    {
        var code = raw.sqlite3_open_v2(path, out handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        Check(code);
        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, 5000);
    }

    /// <summary>True between BEGIN and its end. SQLite ends a transaction by itself after some errors, a full disk among them.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(handle) == 0;

    /// <summary>Rows touched by the last INSERT, UPDATE or DELETE.</summary>
    public int Changes => raw.sqlite3_changes(handle);

    public long LastInsertId => raw.sqlite3_last_insert_rowid(handle);

    /// <summary>A prepared statement, ready to be bound; dispose it as soon as its rows are read, for it holds its transaction until then.</summary>
    public Statement Prepare(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v3(handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var compiled));
            statement = new Statement(this, compiled);
            statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs a statement that has no parameters and whose rows nobody wants.</summary>
    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        statement.Run();
    }

    /// <summary>The first column of the first row.</summary>
    public long QueryLong(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Long(0) : 0;
    }

    public string QueryText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : "";
    }

    /// <exception cref="SqliteException">The code is an error.</exception>
    public void Check(int code)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw new SqliteException($"SQLite: {raw.sqlite3_errmsg(handle).utf8_to_string()}", code & 0xff, code);
        }
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Free();
        }

        statements.Clear();
        raw.sqlite3_close_v2(handle);
        handle.Dispose();
    }
}
