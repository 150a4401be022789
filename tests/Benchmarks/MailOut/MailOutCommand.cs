using System.CommandLine;

namespace MailCloud.Benchmarks.MailOut;

/// <summary>The command line of <c>mail-out</c>.</summary>
internal static class MailOutCommand
{
    public static Command Create()
    {
        var sessions = new Option<int>("--sessions") { Description = "SMTP sessions at once, on kept connections", DefaultValueFactory = _ => 32 };
        var size = new Option<int>("--size") { Description = "bytes of a message, header included", DefaultValueFactory = _ => 4096 };
        var addresses = new Option<int>("--addresses") { Description = "addresses that are forwarded, one recipient per message in turn", DefaultValueFactory = _ => 500 };
        var seconds = new Option<int>("--seconds") { Description = "seconds of measured load per run", DefaultValueFactory = _ => 20 };
        var warmUp = new Option<int>("--warm-up") { Description = "seconds of load before it, drained and not counted", DefaultValueFactory = _ => 15 };
        var connections = new Option<int>("--connections") { Description = "connections at once to the sink, of either server", DefaultValueFactory = _ => 20 };
        var rounds = new Option<int>("--rounds") { Description = "runs per server, interleaved, each on fresh data", DefaultValueFactory = _ => 3 };
        var servers = new Option<string[]>("--servers") { Description = "which servers", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mailcloud", "postfix"] };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the servers' data, on the file system to measure; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "out-bench")),
        };
        servers.AcceptOnlyFromAmong("mailcloud", "postfix");
        var command = new Command("mail-out", "mail that comes by SMTP and goes out by SMTP, to Postfix' smtp-sink") { sessions, size, addresses, seconds, warmUp, connections, rounds, servers, data };
        command.SetAction((parsed, cancellationToken) => new MailOutBenchmark(new MailOutOptions
        {
            Sessions = parsed.GetValue(sessions),
            MessageBytes = parsed.GetValue(size),
            Addresses = parsed.GetValue(addresses),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
            Connections = parsed.GetValue(connections),
            Rounds = parsed.GetValue(rounds),
            Servers = parsed.GetValue(servers)!,
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
