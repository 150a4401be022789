using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>account app-password list|add|remove ADDRESS …</c>: further passwords of an account, each for a device.</summary>
internal static class AppPassword
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("app-password", "Further passwords of an account, each for a device, and taken back alone.")
    {
        BuildList(connect), BuildAdd(connect), BuildRemove(connect),
    };

    private static Argument<string> Address => new("ADDRESS") { Description = "The account, local@domain." };

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("list", "List them: id, name, what they open, when they were made, when they expire, and their last use to the hour.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var answer = await client.GetAsync(PathOf(parsed.GetValue(address)!), cancellationToken);
            using var listing = Output.Of(parsed).Begin("id", "name", "opens", "made at", "expires at", "last use");
            foreach (var listed in answer.GetProperty("appPasswords").EnumerateArray())
            {
                listing.Add(listed, Text(listed, "id"), Text(listed, "name"), Text(listed, "scopes"), Output.Time(listed, "madeAt"), Output.Time(listed, "expiresAt"), LastUseOf(listed));
            }

            listing.End();
            return 0;
        });
        return command;
    }

    private static Command BuildAdd(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var name = new Argument<string>("NAME") { Description = "What the device is called." };
        var scopes = new Option<string[]>("--scope") { Description = "imap, pop, smtp or http; may be given several times. Without it the first three.", AllowMultipleArgumentsPerToken = true };
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "From when on it opens nothing, 2027-01-31 or 2027-01-31T12:00:00Z. Without it never." };
        var command = new Command("add", "Make one. Its secret is shown now and never again.") { address, name, scopes, expires };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var body = JsonSerializer.Serialize(new
            {
                name = parsed.GetValue(name),
                scopes = parsed.GetValue(scopes) is { Length: > 0 } given ? given : null,
                expiresAt = parsed.GetValue(expires),
            });
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            await foreach (var added in client.PostAsync(PathOf(parsed.GetValue(address)!), content, cancellationToken))
            {
                Output.Of(parsed).Write(added, ("id", Text(added, "id")), ("name", Text(added, "name")), ("opens", Text(added, "scopes")), ("secret", Text(added, "secret")));
            }

            return 0;
        });
        return command;
    }

    private static Command BuildRemove(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var id = new Argument<Guid>("ID") { Description = "Its id, as list shows it." };
        var command = new Command("remove", "Take one back: it opens nothing any more, and sessions that it opened end.") { address, id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var removed = await client.DeleteAsync($"{PathOf(parsed.GetValue(address)!)}/{parsed.GetValue(id)}", cancellationToken);
            Output.Of(parsed).Say(removed, $"{Text(removed, "id")} is revoked");
            return 0;
        });
        return command;
    }

    private static string PathOf(string address) => $"{AddressShow.PathOf(address)}/app-passwords";

    private static string LastUseOf(JsonElement listed) =>
        listed.GetProperty("lastUse") is { ValueKind: JsonValueKind.Object } use ? $"{Output.Time(use, "at")} {Text(use, "protocol")} {Text(use, "network")}" : "";

    private static string? Text(JsonElement listed, string member) => Output.Member(listed, member);
}
