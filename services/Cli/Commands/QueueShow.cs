using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue show ID</c>: everything known of a message that waits.</summary>
internal static class QueueShow
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var id = new Argument<string>("ID") { Description = "The delivery id, as queue list shows it." };
        var command = new Command("show", "Show what is known of a message that waits.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var message = await client.GetAsync($"/admin/v1/spool/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellationToken);
            foreach (var entry in message.GetProperty("entries").EnumerateArray())
            {
                Output.Of(parsed).Write(entry, [.. entry.EnumerateObject().Select(field => (field.Name, Output.Member(entry, field.Name)))]);
            }

            return 0;
        });
        return command;
    }
}
