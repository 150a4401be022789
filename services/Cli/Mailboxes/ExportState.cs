using System.Globalization;

namespace MailCloud.Cli.Mailboxes;

/// <summary>How far the export of a folder has come: a line <c>UIDVALIDITY UID LENGTH</c>, replaced as a whole. The length is that of the mbox file; 0 in a Maildir.</summary>
internal readonly record struct ExportState(uint UidValidity, uint LastUid, long Length)
{
    public static ExportState Read(string file, StoredFolder folder)
    {
        if (!File.Exists(file))
        {
            return new(folder.UidValidity, 0, 0);
        }

        var words = File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries);
        if (words.Length != 3 || !uint.TryParse(words[0], out var validity) || !uint.TryParse(words[1], out var uid) || !long.TryParse(words[2], out var length))
        {
            throw new AdminException($"{file} is damaged: export into an empty directory");
        }

        return validity == folder.UidValidity
            ? new(validity, uid, length)
            : throw new AdminException($"{folder.Name} is another folder than the one exported before (UIDVALIDITY {folder.UidValidity}): export into an empty directory");
    }

    public async Task WriteAsync(string file, CancellationToken cancellationToken)
    {
        await DurableFiles.WriteAsync(file, string.Create(CultureInfo.InvariantCulture, $"{UidValidity} {LastUid} {Length}\n"), cancellationToken);
    }
}

/// <summary>Files that are whole or not there.</summary>
internal static class DurableFiles
{
    public static async Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        var temporary = file + ".new";
        await using (var stream = File.Create(temporary))
        {
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, file, overwrite: true);
    }
}
