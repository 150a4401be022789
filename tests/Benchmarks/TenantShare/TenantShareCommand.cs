using System.CommandLine;

namespace MailCloud.Benchmarks.TenantShare;

/// <summary>The command line of <c>tenant-share</c>.</summary>
internal static class TenantShareCommand
{
    public static Command Create()
    {
        var share = new Option<int>("--share") { Description = "commands a second that the loud tenant may have done, and recipients in mail of others", DefaultValueFactory = _ => 10 };
        var sessions = new Option<int>("--loud-sessions") { Description = "sessions of the loud tenant by IMAP, and as many by SMTP, none of which pauses", DefaultValueFactory = _ => 100 };
        var rounds = new Option<int>("--rounds") { Description = "each: the quiet tenant alone, beside the loud one, and beside the loud one without its limit", DefaultValueFactory = _ => 3 };
        var seconds = new Option<int>("--seconds") { Description = "seconds of each third of a round", DefaultValueFactory = _ => 40 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the server's data; its content is deleted",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "tenant-share")),
        };
        var command = new Command("tenant-share", "how much longer one tenant waits while another asks for a hundred times its share; server and load each on a processor of its own") { share, sessions, rounds, seconds, data };
        command.SetAction((parsed, cancellationToken) => new TenantShareBenchmark(new TenantShareOptions
        {
            Share = parsed.GetValue(share),
            LoudSessions = parsed.GetValue(sessions),
            Rounds = parsed.GetValue(rounds),
            Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
