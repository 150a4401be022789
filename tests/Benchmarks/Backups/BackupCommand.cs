using System.CommandLine;

namespace MailCloud.Benchmarks.Backups;

/// <summary>The command line of <c>backup</c>.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var megabytes = new Option<int>("--megabytes") { Description = "of mail before the first backup", DefaultValueFactory = _ => 2_000 };
        var size = new Option<int>("--size") { Description = "bytes of a message, header included", DefaultValueFactory = _ => 20_000 };
        var mailboxes = new Option<int>("--mailboxes") { Description = "recipients, each with a mailbox", DefaultValueFactory = _ => 500 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the server, the backups and what is restored; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench-backup")),
        };
        var command = new Command("backup", "sizes and times of backups, of their check and of a restore") { megabytes, size, mailboxes, data };
        command.SetAction((parsed, cancellationToken) => new BackupBenchmark(new BackupOptions
        {
            Megabytes = parsed.GetValue(megabytes),
            MessageBytes = parsed.GetValue(size),
            Mailboxes = parsed.GetValue(mailboxes),
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
