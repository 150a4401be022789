using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain dkim list|add|activate|retire</c>: the keys that sign a domain's mail. Each prints them all, as they are then.</summary>
internal static class DomainDkim
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("dkim", "Keys that sign a domain's mail.")
    {
        BuildList(connect),
        BuildAdd(connect),
        BuildChange(connect, "activate", "Let a key sign from now on, in place of the one of its algorithm that has so far."),
        BuildChange(connect, "retire", "Let a key sign no more. Its record is to stay in the DNS for a week."),
    };

    private static Argument<string> Domain => new("DOMAIN") { Description = "A hosted domain." };

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var domain = Domain;
        var command = new Command("list", "List a domain's keys, the oldest first.") { domain };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(Output.Of(parsed), await client.GetAsync(PathOf(parsed.GetValue(domain)!), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildAdd(Func<ParseResult, AdminClient> connect)
    {
        var domain = Domain;
        var algorithm = new Option<string?>("--algorithm") { Description = "rsa or ed25519; without it a key of each." };
        var selector = new Option<string?>("--selector") { Description = "The key's name in the DNS; without it one of algorithm and day." };
        var command = new Command("add", "Make keys. Publish their records (domain dns); they sign two days later, or once they are activated.") { domain, algorithm, selector };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => PostAsync(
            client,
            Output.Of(parsed),
            PathOf(parsed.GetValue(domain)!),
            JsonContent.Create(new { algorithm = parsed.GetValue(algorithm), selector = parsed.GetValue(selector) }),
            cancellationToken));
        return command;
    }

    private static Command BuildChange(Func<ParseResult, AdminClient> connect, string verb, string description)
    {
        var domain = Domain;
        var selector = new Argument<string>("SELECTOR") { Description = "The key's name in the DNS." };
        var command = new Command(verb, description) { domain, selector };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            PostAsync(client, Output.Of(parsed), $"{PathOf(parsed.GetValue(domain)!)}/{Uri.EscapeDataString(parsed.GetValue(selector)!)}/{verb}", null, cancellationToken));
        return command;
    }

    private static string PathOf(string domain) => $"/admin/v1/domains/{Uri.EscapeDataString(domain)}/dkim";

    private static async Task<int> PostAsync(AdminClient client, Output output, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        await foreach (var answer in client.PostAsync(path, content, cancellationToken))
        {
            Print(output, answer);
        }

        return 0;
    }

    private static void Print(Output output, JsonElement answer)
    {
        using var listing = output.Begin("selector", "algorithm", "state", "when");
        foreach (var key in answer.GetProperty("keys").EnumerateArray())
        {
            var when = key.GetProperty("state").GetString() switch
            {
                "published" => $"signs from {Output.Time(key, "signsFrom")}",
                "retired" => $"publish until {Output.Time(key, "listedUntil")}",
                _ => $"since {Output.Time(key, "signsFrom")}",
            };
            listing.Add(key, Output.Member(key, "selector"), Output.Member(key, "algorithm"), Output.Member(key, "state"), when);
        }

        listing.End();
    }
}
