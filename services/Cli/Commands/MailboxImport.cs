using System.CommandLine;
using System.Diagnostics;
using System.Net;
using MailCloud.Cli.Mailboxes;

namespace MailCloud.Cli.Commands;

/// <summary>
/// <c>mailbox import ADDRESS --from PATH --format maildir|mbox</c>: files each message once, with its flags, keywords and date. What was filed is written down beside the mail, so that a repeat
/// goes on where the one before ended. A message that is refused does not stop the rest; exit code 1 when there was one.
/// </summary>
internal static class MailboxImport
{
    /// <summary>An import of the server lasts 55 minutes; one message may take the rest.</summary>
    private static readonly TimeSpan ImportLifetime = TimeSpan.FromMinutes(40);

    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The account's address." };
        var from = new Option<FileSystemInfo>("--from")
        {
            Description = "A Maildir; or an mbox file, whose mail goes to INBOX; or a directory of files FOLDER.mbox.",
            Required = true,
        }.AcceptExistingOnly();
        var format = MailboxFormat.Option();
        var command = new Command("import", "File the mail of a Maildir or of mbox files in an account's mailbox.") { address, from, format };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
        {
            var to = parsed.GetValue(address)!;
            var path = parsed.GetValue(from)!.FullName;
            IMailSource source = parsed.GetValue(format) == MailboxFormat.Maildir ? new MaildirSource(path) : new MboxSource(path);
            return MailboxFormat.ReportFilesAsync(() => new Run(new(client, to), to, source, Output.Of(parsed)).ImportAsync(cancellationToken));
        });
        return command;
    }

    private sealed class Run(MailboxClient mailbox, string address, IMailSource source, Output output)
    {
        private readonly Stopwatch age = new();
        private string import = "";
        private int filed;
        private int refused;

        public async Task<int> ImportAsync(CancellationToken cancellationToken)
        {
            // What the mailbox has already is subscribed as its owner wants it.
            var folders = source.Folders().ToList();
            if (folders.Count == 0)
            {
                throw new AdminException("there is no mail of that format: give a directory with cur, new and tmp for a Maildir, or with files that end in .mbox");
            }

            var (earlier, uses) = (0, source.SpecialUses());
            foreach (var folder in folders)
            {
                await mailbox.MakeFolderAsync(folder.Name, null, uses.GetValueOrDefault(folder.Name), cancellationToken);
                await using var state = new ImportState($"{folder.Progress}-{address.Replace('/', '_')}");
                earlier += state.Filed;
                await output.ProgressAsync(folder.Name, 0, step => ImportAsync(folder, state, step, cancellationToken));
            }

            foreach (var name in source.Subscriptions().Intersect(folders.Select(folder => folder.Name)))
            {
                await mailbox.MakeFolderAsync(name, true, null, cancellationToken);
            }

            output.Say(new { imported = filed, earlier, refused }, $"{Output.Counted(filed, "message")} imported, {earlier} imported before, {refused} refused");
            return refused == 0 ? 0 : 1;
        }

        private async Task<bool> ImportAsync(FoundFolder folder, ImportState state, Action step, CancellationToken cancellationToken)
        {
            await using var octets = MailboxFormat.TemporaryFile();
            await foreach (var message in source.ReadAsync(folder, state.IsFiled, octets, cancellationToken))
            {
                step();
                try
                {
                    await FileAsync(folder.Name, message, state, octets, cancellationToken);
                    state.EndFiling(message.Key);
                    filed++;
                }
                catch (AdminException e) when (e.Status is HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.RequestEntityTooLarge)
                {
                    refused++;
                    await Console.Error.WriteLineAsync($"{folder.Name}, {message.Key}: {e.Message}");
                }
            }

            return true;
        }

        private async Task FileAsync(string folder, FoundMessage message, ImportState state, FileStream octets, CancellationToken cancellationToken)
        {
            if (state.DoubtOf(message.Key) is { } before)
            {
                try
                {
                    await mailbox.FileAsync(before, folder, message, octets, cancellationToken);
                    return;
                }
                catch (AdminException e) when (e.Status == HttpStatusCode.Gone)
                {
                    // It was not filed then, and never will be under that import.
                }
            }

            if (import.Length == 0 || age.Elapsed > ImportLifetime)
            {
                import = await mailbox.BeginImportAsync(cancellationToken);
                age.Restart();
            }

            state.BeginFiling(import, message.Key);
            await mailbox.FileAsync(import, folder, message, octets, cancellationToken);
        }
    }
}
