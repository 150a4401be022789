using System.CommandLine;

namespace MailCloud.Benchmarks.RelayLimits;

/// <summary>The command line of <c>relay-limits</c>.</summary>
internal static class RelayLimitsCommand
{
    public static Command Create()
    {
        var relays = new Option<int>("--relays") { Description = "outbound-relay processes", DefaultValueFactory = _ => 4 };
        var backlog = new Option<int>("--backlog") { Description = "messages that one tenant has waiting", DefaultValueFactory = _ => 100_000 };
        var singles = new Option<int>("--singles") { Description = "messages of another tenant, one a second, with that backlog and without", DefaultValueFactory = _ => 20 };
        var takes = new Option<int>("--takes") { Description = "ms for which the host is busy with each message", DefaultValueFactory = _ => 50 };
        var seconds = new Option<int>("--seconds") { Description = "seconds for which rates are measured", DefaultValueFactory = _ => 60 };
        var ports = new Option<int>("--port-offset") { Description = "added to every port of the cluster", DefaultValueFactory = _ => 14_000 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the cluster's data; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "relay-limits")),
        };
        var command = new Command("relay-limits", "relays before a host that takes two connections and a hundred messages on each: the rate that they reach, and how long one tenant waits for another")
        {
            relays, backlog, singles, takes, seconds, ports, data,
        };
        command.SetAction((parsed, cancellationToken) => new RelayLimitsBenchmark(new RelayLimitsOptions
        {
            Relays = parsed.GetValue(relays),
            Backlog = parsed.GetValue(backlog),
            Singles = parsed.GetValue(singles),
            Takes = TimeSpan.FromMilliseconds(parsed.GetValue(takes)),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            PortOffset = parsed.GetValue(ports),
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
