using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary>What export and import of mailboxes share.</summary>
internal static class MailboxFormat
{
    public const string Maildir = "maildir";

    public const string Mbox = "mbox";

    public static Option<string> Option()
    {
        var format = new Option<string>("--format") { Description = "maildir or mbox.", Required = true };
        format.AcceptOnlyFromAmong(Maildir, Mbox);
        return format;
    }

    /// <summary>Holds one message at a time; away when it is closed.</summary>
    public static FileStream TemporaryFile() => new(
        Path.Combine(Path.GetTempPath(), $"mailcloud-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, 64 * 1024, FileOptions.DeleteOnClose);

    /// <summary>A disk that is full, a directory that may not be written: one line.</summary>
    public static async Task<int> ReportFilesAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"{e.Message} Mend it and repeat the command: it goes on where it ended.");
        }
    }
}
