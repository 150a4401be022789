using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue status</c>: how many entries wait, and how many are parked.</summary>
internal static class QueueStatus
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("status", "How many entries wait, and how many are parked.");
        command.SetAdminAction(connect, async (client, _, cancellationToken) =>
        {
            var depth = await client.GetAsync("/admin/v1/queue", cancellationToken);
            Console.WriteLine($"waiting {depth.GetProperty("waiting").GetInt64()}\nparked {depth.GetProperty("parked").GetInt64()}");
            return 0;
        });
        return command;
    }
}
