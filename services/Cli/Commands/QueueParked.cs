using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue parked</c>: what was set aside, and why.</summary>
internal static class QueueParked
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("parked", "List entries that were set aside for an operator.");
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            using var listing = Output.Of(parsed).Begin("id", "parked at", "reason");
            foreach (var entry in (await client.GetAsync("/admin/v1/queue/parked", cancellationToken)).EnumerateArray())
            {
                listing.Add(entry, Output.Member(entry, "id"), Output.Time(entry, "parkedAt"), Output.Member(entry, "reason"));
            }

            listing.End();
            return 0;
        });
        return command;
    }
}
