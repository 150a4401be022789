using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>sweep</c>: deletes what nothing refers to any more.</summary>
internal static class Sweep
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("sweep", "Delete bodies and state blobs that nothing refers to and that are older than the grace periods.");
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => UpkeepReport.PrintAsync(Output.Of(parsed), client.PostAsync("/admin/v1/sweep", null, cancellationToken)));
        return command;
    }
}
