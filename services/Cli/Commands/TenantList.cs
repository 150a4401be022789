using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant list</c> and <c>domain list TENANT</c>, page by page.</summary>
internal static class TenantList
{
    public static Command BuildTenants(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("list", "List the tenants.");
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            ListAsync(client, parsed, "/admin/v1/tenants?", "tenants", [("tenant", "id"), ("state", "state"), ("plan", "plan"), ("domains", "domains")], cancellationToken));
        return command;
    }

    public static Command BuildDomains(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Argument<string>("TENANT") { Description = "The tenant's id." };
        var command = new Command("list", "List a tenant's domains, and where addresses lead that they have not.") { tenant };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            ListAsync(
                client,
                parsed,
                $"/admin/v1/tenants/{Uri.EscapeDataString(parsed.GetValue(tenant)!)}/domains?",
                "domains",
                [("domain", "domain"), ("alias of", "aliasOf"), ("catch-all", "catchAll")],
                cancellationToken));
        return command;
    }

    private static async Task<int> ListAsync(
        AdminClient client, ParseResult parsed, string path, string member, (string Title, string Member)[] columns, CancellationToken cancellationToken)
    {
        using var listing = Output.Of(parsed).Begin([.. columns.Select(column => column.Title)]);
        for (string? after = ""; after is not null;)
        {
            var page = await client.GetAsync($"{path}after={Uri.EscapeDataString(after)}", cancellationToken);
            foreach (var entry in page.GetProperty(member).EnumerateArray())
            {
                listing.AddMembers(entry, [.. columns.Select(column => column.Member)]);
            }

            after = page.GetProperty("next").GetString();
        }

        listing.End();
        return 0;
    }
}
