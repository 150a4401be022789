using System.CommandLine;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>The command line of <c>pop3</c>.</summary>
internal static class Pop3Command
{
    public static Command Create()
    {
        var parts = new Option<string[]>("--parts") { Description = "what to measure", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["check", "download", "large", "idle"] };
        var servers = new Option<string[]>("--servers") { Description = "which servers", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mailcloud", "dovecot"] };
        var clients = new Option<int>("--clients") { Description = "clients at once, each with an account", DefaultValueFactory = _ => 20 };
        var messages = new Option<int>("--messages") { Description = "messages in each maildrop", DefaultValueFactory = _ => 200 };
        var size = new Option<int>("--size") { Description = "octets of a message", DefaultValueFactory = _ => 8192 };
        var large = new Option<int>("--large") { Description = "octets of the large message", DefaultValueFactory = _ => 50_000_000 };
        var seconds = new Option<int>("--seconds") { Description = "seconds of measured load per run", DefaultValueFactory = _ => 15 };
        var warmUp = new Option<int>("--warm-up") { Description = "seconds of load before it", DefaultValueFactory = _ => 10 };
        var rounds = new Option<int>("--rounds") { Description = "runs per server, interleaved, each on fresh data", DefaultValueFactory = _ => 3 };
        var connections = new Option<int>("--connections") { Description = "idle connections", DefaultValueFactory = _ => 1000 };
        var settle = new Option<int>("--settle") { Description = "seconds before memory is read", DefaultValueFactory = _ => 10 };
        var ports = new Option<int>("--port-offset") { Description = "added to MailCloud's ports; the peer's are 1,000 above", DefaultValueFactory = _ => 1_000 };
        var format = new Option<string>("--peer-format") { Description = "mailbox format of Dovecot", DefaultValueFactory = _ => "sdbox" };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the servers' data, on the file system to measure; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "pop3-bench")),
        };
        parts.AcceptOnlyFromAmong("check", "download", "large", "idle");
        servers.AcceptOnlyFromAmong("mailcloud", "dovecot");
        format.AcceptOnlyFromAmong("sdbox", "mdbox", "maildir");
        var command = new Command("pop3", "sessions that check and that download, a large message, and idle connections of POP3 servers")
        {
            parts, servers, clients, messages, size, large, seconds, warmUp, rounds, connections, settle, ports, format, data,
        };
        command.SetAction((parsed, cancellationToken) => new Pop3Benchmark(new Pop3Options
        {
            Parts = parsed.GetValue(parts)!,
            Servers = parsed.GetValue(servers)!,
            Clients = parsed.GetValue(clients),
            MessagesPerMaildrop = parsed.GetValue(messages),
            MessageBytes = parsed.GetValue(size),
            LargeBytes = parsed.GetValue(large),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
            Rounds = parsed.GetValue(rounds),
            IdleConnections = parsed.GetValue(connections),
            Settle = TimeSpan.FromSeconds(parsed.GetValue(settle)),
            PortOffset = parsed.GetValue(ports),
            PeerFormat = parsed.GetValue(format)!,
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
