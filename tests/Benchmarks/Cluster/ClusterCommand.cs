using System.CommandLine;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>The command line of <c>cluster</c>.</summary>
internal static class ClusterCommand
{
    public static Command Create()
    {
        var mailboxes = new Option<int[]>("--mailboxes") { Description = "how many accounts, one after the other", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [100, 10_000] };
        var silos = new Option<int[]>("--silos") { Description = "how many silos, one after the other", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2] };
        var senders = new Option<int>("--senders") { Description = "SMTP sessions at once, over both edges", DefaultValueFactory = _ => 32 };
        var readers = new Option<int>("--readers") { Description = "IMAP sessions at once, over both edges", DefaultValueFactory = _ => 16 };
        var size = new Option<int>("--size") { Description = "bytes of a message, header included", DefaultValueFactory = _ => 4096 };
        var seconds = new Option<int>("--seconds") { Description = "seconds of measured load per run", DefaultValueFactory = _ => 20 };
        var warmUp = new Option<int>("--warm-up") { Description = "seconds of load before it, drained and not counted", DefaultValueFactory = _ => 10 };
        var rounds = new Option<int>("--rounds") { Description = "runs for each number of silos, interleaved", DefaultValueFactory = _ => 1 };
        var ports = new Option<int>("--port-offset") { Description = "added to every port of the cluster", DefaultValueFactory = _ => 14_000 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the cluster's data; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "cluster-bench")),
        };
        var command = new Command("cluster", "CPU, memory and storage operations of each service of a cluster, per message")
        {
            mailboxes, silos, senders, readers, size, seconds, warmUp, rounds, ports, data,
        };
        command.SetAction((parsed, cancellationToken) => new ClusterBenchmark(new ClusterOptions
        {
            Mailboxes = parsed.GetValue(mailboxes)!,
            Silos = parsed.GetValue(silos)!,
            Senders = parsed.GetValue(senders),
            Readers = parsed.GetValue(readers),
            MessageBytes = parsed.GetValue(size),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
            Rounds = parsed.GetValue(rounds),
            PortOffset = parsed.GetValue(ports),
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
