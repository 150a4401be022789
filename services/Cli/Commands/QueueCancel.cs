using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue cancel ID</c>: it is given up, and nobody is told.</summary>
internal static class QueueCancel
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var id = new Argument<string>("ID") { Description = "The delivery id, as queue list shows it." };
        var command = new Command("cancel", "Give up a message that waits. Nobody is told.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var answer in client.PostAsync($"/admin/v1/spool/{Uri.EscapeDataString(parsed.GetValue(id)!)}/cancel", null, cancellationToken))
            {
                Output.Of(parsed).Say(answer, $"{Output.Counted(answer.GetProperty("recipients").GetInt64(), "recipient")} cancelled");
            }

            return 0;
        });
        return command;
    }
}
