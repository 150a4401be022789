using System.CommandLine;

namespace MailCloud.Benchmarks.Emails;

/// <summary>The command line of <c>emails</c>.</summary>
internal static class EmailsCommand
{
    public static Command Create()
    {
        var messages = new Option<int>("--messages") { Description = "of the mailbox", DefaultValueFactory = _ => 1_000_000 };
        var rounds = new Option<int>("--rounds") { Description = "of each question; the silo starts anew before each that is cold", DefaultValueFactory = _ => 5 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the silo's data; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench-emails")),
        };
        var command = new Command("emails", "times of queries, of their changes, of threads and of folder counts in a large mailbox") { messages, rounds, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var benchmark = new EmailsBenchmark(new EmailsOptions
            {
                Messages = parsed.GetValue(messages),
                Rounds = parsed.GetValue(rounds),
                Data = parsed.GetValue(data)!.FullName,
            });
            return await benchmark.RunAsync(cancellationToken);
        });
        return command;
    }
}
