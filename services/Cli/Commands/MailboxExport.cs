using System.CommandLine;
using MailCloud.Cli.Mailboxes;

namespace MailCloud.Cli.Commands;

/// <summary>
/// <c>mailbox export ADDRESS --to DIR --format maildir|mbox</c>: the whole mailbox, folder by folder, in the order of UIDs. What a directory has already is not fetched again, so that a repeat
/// goes on where the one before ended. Exit code 1 when something could not be written as it is.
/// </summary>
internal static class MailboxExport
{
    /// <summary>Messages after which the progress is recorded; what came after it is written anew or found again.</summary>
    private const int SaveEvery = 100;

    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The account's address." };
        var to = new Option<DirectoryInfo>("--to") { Description = "The directory to write to; one of an earlier export is continued.", Required = true };
        var format = MailboxFormat.Option();
        var command = new Command("export", "Write the mail of an account to a Maildir or to mbox files.") { address, to, format };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            MailboxFormat.ReportFilesAsync(() => RunAsync(new(client, parsed.GetValue(address)!), Output.Of(parsed), parsed.GetValue(to)!.FullName, parsed.GetValue(format)!, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(MailboxClient mailbox, Output output, string directory, string format, CancellationToken cancellationToken)
    {
        var all = await mailbox.FoldersAsync(cancellationToken);
        Directory.CreateDirectory(directory);
        await using IMailTarget target = format == MailboxFormat.Maildir ? new MaildirTarget(directory) : new MboxTarget(directory);
        await using var octets = MailboxFormat.TemporaryFile();
        var (written, warnings, folders) = (0, 0, all.Where(folder => folder.Exists).ToList());
        foreach (var folder in folders)
        {
            var (count, warned) = await output.ProgressAsync(folder.Name, folder.Messages, step => ExportAsync(mailbox, folder, target, octets, step, cancellationToken));
            (written, warnings) = (written + count, warnings + warned);
        }

        await target.SubscribeAsync(all.Where(folder => folder.Subscribed).Select(folder => folder.Name), cancellationToken);
        await target.SaveUsesAsync(folders, cancellationToken);
        output.Say(
            new { exported = written, folders = folders.Count, warnings }, $"{Output.Counted(written, "message")} exported, {Output.Counted(folders.Count, "folder")}, {warnings} not as they are");
        return warnings == 0 ? 0 : 1;
    }

    private static async Task<(int Written, int Warnings)> ExportAsync(
        MailboxClient mailbox, StoredFolder folder, IMailTarget target, FileStream octets, Action step, CancellationToken cancellationToken)
    {
        var (written, warnings) = (0, 0);
        var last = await target.OpenAsync(folder, cancellationToken);
        await foreach (var message in mailbox.MessagesAsync(folder, last, cancellationToken))
        {
            step();

            // Expunged meanwhile: as if it had been before.
            if (!await mailbox.ReadAsync(folder, message.Uid, octets, cancellationToken))
            {
                continue;
            }

            octets.Position = 0;
            var shape = await MessageShape.ScanAsync(octets, cancellationToken);
            octets.Position = 0;
            if (await target.AddAsync(message, octets, shape, cancellationToken) is { } warning)
            {
                warnings++;
                await Console.Error.WriteLineAsync($"{folder.Name}, UID {message.Uid}: {warning}");
            }

            if (++written % SaveEvery == 0)
            {
                await target.SaveAsync(cancellationToken);
            }
        }

        await target.SaveAsync(cancellationToken);
        return (written, warnings);
    }
}
