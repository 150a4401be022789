using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>trace MESSAGE-ID</c>: what became of a message, in order of time.</summary>
internal static class Trace
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var id = new Argument<string>("MESSAGE-ID") { Description = "A Message-ID, with or without its brackets, or a delivery id, as 250 and the queue show it." };
        var command = new Command("trace", "Show what became of a message.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var answer = await client.GetAsync($"/admin/v1/trace?message-id={Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellationToken);
            var output = Output.Of(parsed);
            foreach (var message in answer.GetProperty("messages").EnumerateArray())
            {
                output.Say(message, Story(message));
            }

            if (answer.GetProperty("more").GetBoolean())
            {
                Console.Error.WriteLine("more messages have this id: ask for theirs by delivery id");
            }

            return 0;
        });
        return command;
    }

    private static string Story(JsonElement message) => string.Concat(message.GetProperty("events").EnumerateArray()
        .Select(happened => string.Create(CultureInfo.InvariantCulture, $"  {happened.GetProperty("at").GetDateTimeOffset().UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z  {OneLine(Line(happened))}\n"))
        .Prepend($"{Text(message, "id")}{OneLine(Told(Text(message, "messageId"), " <{0}>"))}\n"));

    private static string OneLine(string text) => text.Replace('\n', '?');

    private static string Line(JsonElement happened)
    {
        var (recipients, reply, due) = (Recipients(happened), Told(Text(happened, "reply"), ": {0}"), Told(Text(happened, "dueAt"), ", due {0}"));
        return Text(happened, "kind") switch
        {
            "accepted" => $"accepted {Session(happened)} for {recipients}{reply}",
            "refused" => $"refused {Session(happened)} for {recipients}{reply}",
            "recipientRefused" => $"recipient refused: {recipients}{reply}",
            "filed" => $"filed for {recipients}{Filing(happened)}",
            "shown" => $"shown in a live session of {recipients}",
            "spooled" => $"waits in the spool for {recipients}{due}",
            "deferred" => $"put off for {recipients}{Hop(happened)}{reply}",
            "relayed" => $"relayed for {recipients}{Hop(happened)}{reply}",
            "failed" => $"failed for {recipients}{Hop(happened)}{reply}",
            "retried" => $"delivery failed and is repeated, for {recipients}{reply}",
            "parked" => $"set aside for an operator, for {recipients}{reply}",
            "reported" => $"report to the sender about {recipients} ({Text(happened, "reply")}) is {Text(happened, "other")}",
            "returned" => $"the domain of {recipients} is hosted here: goes on as {Text(happened, "other")}",
            "expanded" => $"goes to {Text(happened, "reply")} of {recipients} as {Text(happened, "other")}",
            "cancelled" => $"cancelled by an operator for {recipients}",
            "named" => "named",
            var other => $"{other} for {recipients}{reply}",
        };
    }

    private static string Recipients(JsonElement happened)
    {
        var named = happened.GetProperty("recipients").EnumerateArray().Select(r => r.GetString()).ToList();
        var others = happened.GetProperty("count").GetInt32() - named.Count;
        return string.Join(", ", others > 0 ? [.. named, string.Create(CultureInfo.InvariantCulture, $"{others}{(named.Count > 0 ? " more" : " recipients")}")] : named);
    }

    private static string Session(JsonElement happened)
    {
        var session = happened.GetProperty("session");
        if (session.ValueKind != JsonValueKind.Object)
        {
            return "";
        }

        var client = Text(session, "client") is { Length: > 0 } address
            ? $"from {address} ({Text(session, "hello")}, {Text(session, "listener")}, {Text(session, "tls") ?? "in clear"}{Told(Text(session, "account"), ", as {0}")}), "
            : "";
        return $"{client}sender <{Text(session, "sender")}>, tenant {Text(session, "tenant")}, {session.GetProperty("octets").GetInt64().ToString(CultureInfo.InvariantCulture)} octets,";
    }

    private static string Filing(JsonElement happened)
    {
        var filing = happened.GetProperty("filing");
        if (filing.ValueKind != JsonValueKind.Object)
        {
            return "";
        }

        return Text(filing, "folder") is { } folder
            ? $" in {folder}, UID {filing.GetProperty("uid")}, UIDVALIDITY {filing.GetProperty("uidValidity")}, mailbox {Text(filing, "account")}"
            : $" by an earlier attempt, mailbox {Text(filing, "account")}";
    }

    private static string Hop(JsonElement happened)
    {
        var hop = happened.GetProperty("hop");
        return hop.ValueKind == JsonValueKind.Object
            ? $" by {Text(hop, "host")}{Told(Text(hop, "address"), "[{0}]")}{(Text(hop, "address") is null ? "" : $", {Text(hop, "tls") ?? "in clear"}")}"
            : "";
    }

    private static string Told(string? text, string format) => text is null ? "" : string.Format(CultureInfo.InvariantCulture, format, text);

    private static string? Text(JsonElement record, string name) => record.GetProperty(name).GetString();
}
