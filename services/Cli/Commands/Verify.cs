using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>verify</c>: checks every reference of everything stored. Exit code 1 when something is wrong.</summary>
internal static class Verify
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("verify", "Check every reference of everything stored: queue, journals, chunks, bodies, counts. Changes nothing.") { Job.Detach };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => parsed.GetValue(Job.Detach)
            ? Job.BeginAsync(client, Output.Of(parsed), new { kind = "verify" }, null, cancellationToken)
            : UpkeepReport.PrintAsync(Output.Of(parsed), "checking", client.PostAsync("/admin/v1/verify", null, cancellationToken)));
        return command;
    }
}
