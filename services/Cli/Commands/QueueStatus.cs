using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue status</c>: how many entries wait, and how many are parked.</summary>
internal static class QueueStatus
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("status", "How many entries wait, and how many are parked.");
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var depth = await client.GetAsync("/admin/v1/queue", cancellationToken);
            Output.Of(parsed).Write(depth, ("waiting", Output.Member(depth, "waiting")), ("parked", Output.Member(depth, "parked")));
            return 0;
        });
        return command;
    }
}
