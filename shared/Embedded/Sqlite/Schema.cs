namespace MailCloud.Embedded.Sqlite;

/// <summary>The tables, and the version that they have in <c>PRAGMA user_version</c>.</summary>
internal static class Schema
{
    public const long Version = 1;

    // Journal events and queue entries are appended by rowid, so that a commit dirties the last pages and not as many as there are mailboxes.
    // The bytes of small blobs stand apart from their names, so that listing does not walk through them.
    // AUTOINCREMENT: a consumer relies on ids that never come back.
    private static readonly string[] Tables =
    [
        """
        CREATE TABLE blob (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            length INTEGER NOT NULL,
            created INTEGER NOT NULL,
            file TEXT)
        """,
        "CREATE TABLE blob_bytes (blob INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
        """
        CREATE TABLE blob_owner (
            blob INTEGER NOT NULL,
            owner TEXT NOT NULL,
            released INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (blob, owner)) WITHOUT ROWID
        """,
        "CREATE INDEX blob_file ON blob (file) WHERE file IS NOT NULL",
        """
        CREATE TABLE head (
            id INTEGER PRIMARY KEY,
            journal TEXT NOT NULL UNIQUE,
            epoch INTEGER NOT NULL,
            position INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            manifest TEXT)
        """,
        """
        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            head INTEGER NOT NULL,
            position INTEGER NOT NULL,
            bytes BLOB NOT NULL)
        """,
        "CREATE UNIQUE INDEX event_position ON event (head, position)",
        """
        CREATE TABLE entry (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            due INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            message BLOB NOT NULL)
        """,
        "CREATE INDEX entry_due ON entry (due) WHERE due > 0",
        """
        CREATE TABLE parked (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery TEXT NOT NULL,
            reason TEXT NOT NULL,
            parked INTEGER NOT NULL,
            message BLOB NOT NULL)
        """,
        "CREATE INDEX parked_delivery ON parked (delivery)",
    ];

    /// <summary>Makes the tables of a new file, all or none; refuses a file of another version.</summary>
    /// <exception cref="UnknownSchemaException">The file was written by another version of the program.</exception>
    public static void Ensure(Database database)
    {
        var found = database.QueryLong("PRAGMA user_version");
        if (found == Version)
        {
            return;
        }

        if (found != 0)
        {
            throw new UnknownSchemaException(found);
        }

        database.Execute("BEGIN IMMEDIATE");
        foreach (var table in Tables)
        {
            database.Execute(table);
        }

        database.Execute($"PRAGMA user_version = {Version}");
        database.Execute("COMMIT");
    }
}

/// <summary>The storage file has a schema version that this build does not know; it is left as it is.</summary>
public sealed class UnknownSchemaException(long found)
    : Exception($"the storage file has schema version {found}; this build knows version {Schema.Version}");
