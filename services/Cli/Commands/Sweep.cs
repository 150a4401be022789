using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>sweep</c>: deletes what nothing refers to any more.</summary>
internal static class Sweep
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var grace = new Option<int?>("--grace") { Description = "Seconds, in place of all grace periods." };
        var command = new Command("sweep", "Delete bodies and state blobs that nothing refers to and that are older than the grace periods.") { grace };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
        {
            var path = parsed.GetValue(grace) is { } seconds ? $"/admin/v1/sweep?grace={seconds}" : "/admin/v1/sweep";
            return UpkeepReport.PrintAsync(Output.Of(parsed), client.PostAsync(path, null, cancellationToken));
        });
        return command;
    }
}
