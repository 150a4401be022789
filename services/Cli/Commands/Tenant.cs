using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant show|set TENANT</c>: a tenant's state and domains. Each prints them as they are then.</summary>
internal static class Tenant
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("tenant", "Tenants.") { BuildShow(connect), BuildSet(connect) };

    private static Argument<string> Id => new("TENANT") { Description = "The tenant's id." };

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var command = new Command("show", "Show a tenant's state and its domains.") { tenant };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(await client.GetAsync(PathOf(parsed.GetValue(tenant)!), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildSet(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var state = new Option<string?>("--state") { Description = "active, receive-only (its accounts send no mail) or suspended (nobody logs in, mail is refused); at once." };
        var command = new Command("set", "Change what all accounts of a tenant may do.") { tenant, state };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(await client.PutAsync(PathOf(parsed.GetValue(tenant)!), JsonSerializer.Serialize(new { state = parsed.GetValue(state) }), cancellationToken));
            return 0;
        });
        return command;
    }

    private static string PathOf(string tenant) => $"/admin/tenants/{Uri.EscapeDataString(tenant)}";

    private static void Print(JsonElement tenant)
    {
        Console.WriteLine($"{tenant.GetProperty("id").GetString()}\t{tenant.GetProperty("state").GetString()}");
        foreach (var domain in tenant.GetProperty("domains").EnumerateArray())
        {
            Console.WriteLine(domain.GetString());
        }
    }
}
