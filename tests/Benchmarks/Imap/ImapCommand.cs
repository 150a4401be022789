using System.CommandLine;

namespace MailCloud.Benchmarks.Imap;

/// <summary>The command line of <c>imap</c>.</summary>
internal static class ImapCommand
{
    public static Command Create()
    {
        var parts = new Option<string[]>("--parts") { Description = "what to measure", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mix", "append", "sync", "idle"] };
        var servers = new Option<string[]>("--servers") { Description = "which servers", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mailcloud", "dovecot"] };
        var clients = new Option<int>("--clients") { Description = "clients at once, each with an account", DefaultValueFactory = _ => 20 };
        var messages = new Option<int>("--messages") { Description = "messages in each INBOX before the mix", DefaultValueFactory = _ => 200 };
        var seconds = new Option<int>("--seconds") { Description = "seconds of measured load per run", DefaultValueFactory = _ => 15 };
        var warmUp = new Option<int>("--warm-up") { Description = "seconds of load before it", DefaultValueFactory = _ => 10 };
        var rounds = new Option<int>("--rounds") { Description = "runs per server, interleaved, each on fresh data", DefaultValueFactory = _ => 3 };
        var connections = new Option<int>("--connections") { Description = "idle connections", DefaultValueFactory = _ => 2000 };
        var settle = new Option<int>("--settle") { Description = "seconds before memory is read", DefaultValueFactory = _ => 10 };
        var folder = new Option<int>("--folder") { Description = "messages of the folder that is synchronised", DefaultValueFactory = _ => 10_000 };
        var ports = new Option<int>("--port-offset") { Description = "added to MailCloud's ports; the peer's are 1,000 above", DefaultValueFactory = _ => 1_000 };
        var format = new Option<string>("--peer-format") { Description = "mailbox format of Dovecot", DefaultValueFactory = _ => "sdbox" };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the servers' data, on the file system to measure; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "imap-bench")),
        };
        parts.AcceptOnlyFromAmong("mix", "append", "sync", "idle");
        servers.AcceptOnlyFromAmong("mailcloud", "dovecot");
        format.AcceptOnlyFromAmong("sdbox", "mdbox", "maildir");
        var command = new Command("imap", "mixed load, APPEND, initial sync and idle connections of IMAP servers")
        {
            parts, servers, clients, messages, seconds, warmUp, rounds, connections, settle, folder, ports, format, data,
        };
        command.SetAction((parsed, cancellationToken) => new ImapBenchmark(new ImapOptions
        {
            Parts = parsed.GetValue(parts)!,
            Servers = parsed.GetValue(servers)!,
            Clients = parsed.GetValue(clients),
            MessagesPerMailbox = parsed.GetValue(messages),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
            Rounds = parsed.GetValue(rounds),
            IdleConnections = parsed.GetValue(connections),
            Settle = TimeSpan.FromSeconds(parsed.GetValue(settle)),
            SyncMessages = parsed.GetValue(folder),
            PortOffset = parsed.GetValue(ports),
            PeerFormat = parsed.GetValue(format)!,
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
