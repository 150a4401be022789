using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>account list DOMAIN</c>: its addresses, page by page.</summary>
internal static class AccountList
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var command = new Command("list", "List the addresses of a domain.") { domain };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => RunAsync(client, Output.Of(parsed), parsed.GetValue(domain)!, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(AdminClient client, Output output, string domain, CancellationToken cancellationToken)
    {
        using var listing = output.Begin("address", "kind", "state", "leads to");
        string? after = "";
        while (after is not null)
        {
            var page = await client.GetAsync($"/admin/v1/accounts?domain={Uri.EscapeDataString(domain)}&after={Uri.EscapeDataString(after)}", cancellationToken);
            foreach (var account in page.GetProperty("accounts").EnumerateArray())
            {
                listing.AddMembers(account, "address", "kind", "state", "targets");
            }

            after = page.GetProperty("next").GetString();
        }

        return 0;
    }
}
