using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue replay ID</c>: moves a parked entry back to the queue.</summary>
internal static class QueueReplay
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var id = new Argument<string>("ID") { Description = "The delivery id, as queue parked lists it." };
        var command = new Command("replay", "Move a parked entry back to the queue.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var _ in client.PostAsync($"/admin/v1/queue/parked/{Uri.EscapeDataString(parsed.GetValue(id)!)}/replay", null, cancellationToken))
            {
                // The answer has nothing to print beyond success.
            }

            Output.Of(parsed).Say(new { id = parsed.GetValue(id), result = "replayed" }, "replayed");
            return 0;
        });
        return command;
    }
}
