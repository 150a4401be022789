using System.CommandLine;
using MailCloud.Fuzz;
using MailCloud.Fuzz.Engine;

// First of all: instrumented code counts from its first line on.
var coverage = new Coverage();

var parser = new Option<string[]>("--parser") { Description = "which parsers, or all", DefaultValueFactory = _ => ["all"], AllowMultipleArgumentsPerToken = true };
var executions = new Option<long>("--executions") { Description = "inputs per parser", DefaultValueFactory = _ => 10_000_000 };
var seconds = new Option<int>("--seconds") { Description = "of processor time, after which a parser ends whatever it has run", DefaultValueFactory = _ => int.MaxValue };
var corpus = new Option<DirectoryInfo?>("--corpus") { Description = "a folder of mail (*.eml) to begin with" };
var seed = new Option<ulong>("--seed") { Description = "of the random numbers", DefaultValueFactory = _ => 1 };
parser.AcceptOnlyFromAmong(["all", .. FuzzTargets.All.Select(t => t.Name)]);

var command = new RootCommand("MailCloud's fuzzers") { parser, executions, seconds, corpus, seed };
command.SetAction(async (parsed, cancellationToken) =>
{
    if (!InstrumentedCopy.IsThis)
    {
        return await LongForm.WatchAsync(args, cancellationToken);
    }

    var names = parsed.GetValue(parser)!;
    var chosen = FuzzTargets.All.Where(t => names.Contains("all") || names.Contains(t.Name));
    var limits = new FuzzLimits(parsed.GetValue(executions), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
    return LongForm.Run(chosen, coverage, limits, new(Repository.Root, parsed.GetValue(corpus)?.FullName), parsed.GetValue(seed));
});
return await command.Parse(args).InvokeAsync();
