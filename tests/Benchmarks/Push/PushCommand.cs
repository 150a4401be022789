using System.CommandLine;

namespace MailCloud.Benchmarks.Push;

/// <summary>The command line of <see cref="PushBenchmark"/>.</summary>
internal static class PushCommand
{
    public static Command Create()
    {
        var accounts = new Option<int>("--accounts") { Description = "accounts, each with an event source, a WebSocket and an IMAP session that idles", DefaultValueFactory = _ => 200 };
        var changes = new Option<int>("--changes") { Description = "changes of each kind", DefaultValueFactory = _ => 200 };
        var idle = new Option<int>("--idle") { Description = "seconds over which the processor's time is measured while nothing happens", DefaultValueFactory = _ => 60 };
        var offset = new Option<int>("--port-offset") { Description = "added to every port", DefaultValueFactory = _ => 24_300 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the server's data; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench-push")),
        };
        var command = new Command("push", "what clients that wait for changes cost, and how soon they hear of one") { accounts, changes, idle, offset, data };
        command.SetAction((parsed, cancellationToken) => new PushBenchmark(
            parsed.GetValue(accounts),
            parsed.GetValue(changes),
            TimeSpan.FromSeconds(parsed.GetValue(idle)),
            parsed.GetValue(offset),
            parsed.GetValue(data)!.FullName).RunAsync(cancellationToken));
        return command;
    }
}
