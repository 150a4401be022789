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
                Output.Of(parsed).Write(
                    entry,
                    ("id", Output.Member(entry, "id")),
                    ("tenant", Output.Member(entry, "tenant")),
                    ("kind", Output.Member(entry, "kind")),
                    ("sender", Output.Member(entry, "sender") is { Length: > 0 } sender ? sender : "none: a report"),
                    ("recipient", Output.Member(entry, "recipient")),
                    ("destination", Output.Member(entry, "destination")),
                    ("size", Output.Size(entry.GetProperty("octets").GetInt64())),
                    ("accepted", Output.Time(entry, "acceptedAt")),
                    ("attempts", Output.Member(entry, "attempts")),
                    ("due", Output.Time(entry, "dueAt")),
                    ("last error", Output.Member(entry, "lastError")));
            }

            return 0;
        });
        return command;
    }
}
