using System.CommandLine;
using System.Globalization;

namespace MailCloud.Cli.Commands;

/// <summary><c>queue list</c>: mail that waits for its next attempt, one recipient a line.</summary>
internal static class QueueList
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Option<string>("--tenant") { Description = "Only this tenant's mail." };
        var destination = new Option<string>("--destination") { Description = "Only mail to this domain." };
        var kind = new Option<string>("--kind") { Description = "local: for a mailbox here; outbound: for another host." };
        kind.AcceptOnlyFromAmong("local", "outbound");
        var accepted = new Option<DateTimeOffset?>("--accepted-before") { Description = "Only what was accepted earlier, 2027-01-31 or 2027-01-31T12:00:00Z." };
        var most = new Option<int>("--most") { Description = "At most so many lines.", DefaultValueFactory = _ => 1000 };
        var command = new Command("list", "List mail that waits for its next attempt, one recipient a line.") { tenant, destination, kind, accepted, most };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var before = parsed.GetValue(accepted)?.ToString("O", CultureInfo.InvariantCulture);
            var filter = AdminClient.Filter(("tenant", parsed.GetValue(tenant)), ("destination", parsed.GetValue(destination)), ("kind", parsed.GetValue(kind)), ("acceptedBefore", before));
            var left = parsed.GetValue(most);
            using var listing = Output.Of(parsed).Begin("id", "accepted", "due", "attempts", "sender", "recipient", "last error");
            for (string? after = "0:"; after is not null;)
            {
                var page = await client.GetAsync($"/admin/v1/spool?after={Uri.EscapeDataString(after)}{filter}", cancellationToken);
                foreach (var entry in page.GetProperty("entries").EnumerateArray())
                {
                    if (left-- == 0)
                    {
                        Console.Error.WriteLine("there is more: --most says how many lines are shown");
                        return 0;
                    }

                    listing.Add(
                        entry,
                        Output.Member(entry, "id"),
                        Output.Time(entry, "acceptedAt"),
                        Output.Time(entry, "dueAt"),
                        Output.Member(entry, "attempts"),
                        Output.Member(entry, "sender"),
                        Output.Member(entry, "destination"),
                        Output.Member(entry, "lastError"));
                }

                after = page.GetProperty("next").GetString();
            }

            listing.End();
            return 0;
        });
        return command;
    }
}
