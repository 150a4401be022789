using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>sweep</c>: deletes what nothing refers to any more.</summary>
internal static class Sweep
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var grace = new Option<int?>("--grace") { Description = "Seconds, in place of all grace periods." };
        var command = new Command("sweep", "Delete bodies and state blobs that nothing refers to and that are older than the grace periods.") { grace, Job.Detach };
        command.Validators.Add(given =>
        {
            if (given.GetValue(Job.Detach) && given.GetValue(grace) is not null)
            {
                given.AddError("--grace goes with a sweep that is waited for, not with --detach");
            }
        });
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
        {
            var path = parsed.GetValue(grace) is { } seconds ? $"/admin/v1/sweep?grace={seconds}" : "/admin/v1/sweep";
            return parsed.GetValue(Job.Detach)
                ? Job.BeginAsync(client, Output.Of(parsed), new { kind = "sweep" }, null, cancellationToken)
                : UpkeepReport.PrintAsync(Output.Of(parsed), "sweeping", client.PostAsync(path, null, cancellationToken));
        });
        return command;
    }
}
