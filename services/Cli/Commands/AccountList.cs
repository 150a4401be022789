using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>account list DOMAIN --prefix</c>: its addresses, page by page.</summary>
internal static class AccountList
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var prefix = new Option<string>("--prefix") { Description = "Only addresses that begin with this.", DefaultValueFactory = _ => "" };
        var command = new Command("list", "List the addresses of a domain.") { domain, prefix };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            RunAsync(client, Output.Of(parsed), $"domain={Uri.EscapeDataString(parsed.GetValue(domain)!)}&prefix={Uri.EscapeDataString(parsed.GetValue(prefix)!)}", cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(AdminClient client, Output output, string filter, CancellationToken cancellationToken)
    {
        using var listing = output.Begin("address", "kind", "state", "leads to");
        string? after = "";
        while (after is not null)
        {
            var page = await client.GetAsync($"/admin/v1/accounts?{filter}&after={Uri.EscapeDataString(after)}", cancellationToken);
            foreach (var account in page.GetProperty("accounts").EnumerateArray())
            {
                listing.AddMembers(account, "address", "kind", "state", "targets");
            }

            after = page.GetProperty("next").GetString();
        }

        listing.End();
        return 0;
    }
}
