using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain show|route DOMAIN</c>: where addresses lead that a domain has not. Each prints it as it is then.</summary>
internal static class DomainRoute
{
    public static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var domain = Domain;
        var command = new Command("show", "Show whose a domain is, and where addresses lead that it has not.") { domain };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(Output.Of(parsed), await client.GetAsync(PathOf(parsed.GetValue(domain)!), cancellationToken));
            return 0;
        });
        return command;
    }

    public static Command BuildRoute(Func<ParseResult, AdminClient> connect)
    {
        var domain = Domain;
        var aliasOf = new Option<string?>("--alias-of") { Description = "Another domain of the tenant: user here is user there." };
        var catchAll = new Option<string?>("--catch-all") { Description = "An address that gets the mail for all of them." };
        var command = new Command("route", "Say where addresses lead that a domain has not; without an option nowhere.") { domain, aliasOf, catchAll };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var route = JsonSerializer.Serialize(new { aliasOf = parsed.GetValue(aliasOf), catchAll = parsed.GetValue(catchAll) });
            Print(Output.Of(parsed), await client.PutAsync(PathOf(parsed.GetValue(domain)!), route, cancellationToken));
            return 0;
        });
        return command;
    }

    private static Argument<string> Domain => new("DOMAIN") { Description = "A hosted domain." };

    private static string PathOf(string domain) => $"/admin/v1/domains/{Uri.EscapeDataString(domain)}";

    private static void Print(Output output, JsonElement domain)
    {
        output.Write(
            domain,
            ("domain", Output.Member(domain, "domain")), ("tenant", Output.Member(domain, "tenant")), ("alias of", Output.Member(domain, "aliasOf")), ("catch-all", Output.Member(domain, "catchAll")));
    }
}
