using System.CommandLine;
using MailCloud.Hostile;

namespace MailCloud.Benchmarks.Hostile;

/// <summary>The command line of <see cref="HostileBenchmark"/>.</summary>
internal static class HostileCommand
{
    public static Command Create()
    {
        var attack = new Option<string[]>("--attack") { Description = "only attacks whose names contain one of these", DefaultValueFactory = _ => [""], AllowMultipleArgumentsPerToken = true };
        var seconds = new Option<int>("--seconds") { Description = "seconds without and during each attack, which is repeated meanwhile", DefaultValueFactory = _ => 15 };
        var scale = new Option<int>("--scale") { Description = "so many times the connections of an ordinary run", DefaultValueFactory = _ => 1 };
        var offset = new Option<int>("--port-offset") { Description = "added to every port", DefaultValueFactory = _ => 24_100 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the server's data",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench-hostile")),
        };
        var command = new Command("hostile", "what a bystander notices of each attack, and what it takes of the server") { attack, seconds, scale, offset, data };
        command.SetAction((parsed, cancellationToken) => new HostileBenchmark(
            [.. Attacks.All.Where(a => parsed.GetValue(attack)!.Any(part => a.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))],
            TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            parsed.GetValue(scale),
            parsed.GetValue(offset),
            parsed.GetValue(data)!.FullName).RunAsync(cancellationToken));
        return command;
    }
}
