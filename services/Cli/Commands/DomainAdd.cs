using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain add DOMAIN --tenant TENANT</c>: hosts a domain, with its postmaster. Repeating it changes nothing.</summary>
internal static class DomainAdd
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "The domain that is to be hosted." };
        var tenant = new Option<string>("--tenant") { Description = "Whose it is.", Required = true };
        var command = new Command("add", "Host a domain for a tenant, with its postmaster. What to publish for it is said by: domain dns.") { domain, tenant };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var (name, path) = (parsed.GetValue(domain), $"{Tenant.PathOf(parsed.GetValue(tenant)!)}/domains");
            var host = await client.PostForOneAsync(path, JsonSerializer.Serialize(new { domain = name }), cancellationToken);
            Output.Of(parsed).Say(host, $"tenant {Output.Member(host, "id")} has {name}, with postmaster@{name}");
            return 0;
        });
        return command;
    }
}
