using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue retry ID</c>: it is due now.</summary>
internal static class QueueRetry
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var id = new Argument<string>("ID") { Description = "The delivery id, as queue list shows it." };
        var command = new Command("retry", "Let a message that waits be tried now.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var answer in client.PostAsync($"/admin/v1/spool/{Uri.EscapeDataString(parsed.GetValue(id)!)}/retry", null, cancellationToken))
            {
                Output.Of(parsed).Say(answer, $"{Output.Counted(answer.GetProperty("recipients").GetInt64(), "recipient")} due now");
            }

            return 0;
        });
        return command;
    }
}
