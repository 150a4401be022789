using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant show|set TENANT</c>: a tenant's state, limits and domains. Each prints them as they are then. <c>tenant list</c>: all of them.</summary>
internal static class Tenant
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("tenant", "Tenants.")
    {
        TenantList.BuildTenants(connect), BuildShow(connect), BuildSet(connect), TenantOidc.Build(connect), Deletion.BuildTenantDelete(connect), Deletion.BuildTenantRestore(connect),
    };

    private static Argument<string> Id => new("TENANT") { Description = "The tenant's id." };

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var command = new Command("show", "Show a tenant's state, what it has of its limits, and its domains.") { tenant };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(Output.Of(parsed), await client.GetAsync(PathOf(parsed.GetValue(tenant)!), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildSet(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var state = new Option<string?>("--state") { Description = "active, receive-only (its accounts send no mail) or suspended (nobody logs in, mail is refused); at once." };
        var plan = new Option<string?>("--plan") { Description = "What its limits are called." };
        var domains = new Option<int?>("--domains") { Description = "Domains; 0, as of the other limits, is none." };
        var accounts = new Option<int?>("--accounts") { Description = "Accounts, without postmasters." };
        var storage = new Option<long?>("--storage") { Description = "Octets that the quotas of its accounts come to." };
        var quota = new Option<long?>("--account-quota") { Description = "Octets: the quota of an account that is made without one." };
        var recipients = new Option<int?>("--recipients-per-day") { Description = "Recipients outside the tenant." };
        var sessions = new Option<int?>("--sessions") { Description = "Sessions that are logged in, on one edge." };
        var commands = new Option<int?>("--commands-per-second") { Description = "Commands of its clients, and recipients of its own, that one edge works on; what is beyond waits." };
        var length = new Option<int?>("--password-length") { Description = "Characters that a password has at least which is set from now on; 8 when it is less." };
        var command = new Command("set", "Change what a tenant may do and have. What is not given stays.")
        {
            tenant, state, plan, domains, accounts, storage, quota, recipients, sessions, commands, length,
        };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var update = new
            {
                state = parsed.GetValue(state),
                limits = new
                {
                    plan = parsed.GetValue(plan),
                    domains = parsed.GetValue(domains),
                    accounts = parsed.GetValue(accounts),
                    storageBytes = parsed.GetValue(storage),
                    accountBytes = parsed.GetValue(quota),
                    recipientsPerDay = parsed.GetValue(recipients),
                    sessions = parsed.GetValue(sessions),
                    commandsPerSecond = parsed.GetValue(commands),
                    passwordLength = parsed.GetValue(length),
                },
            };
            Print(Output.Of(parsed), await client.PutAsync(PathOf(parsed.GetValue(tenant)!), JsonSerializer.Serialize(update), cancellationToken));
            return 0;
        });
        return command;
    }

    private static string PathOf(string tenant) => $"/admin/v1/tenants/{Uri.EscapeDataString(tenant)}";

    private static void Print(Output output, JsonElement tenant)
    {
        var (limits, usage) = (tenant.GetProperty("limits"), tenant.GetProperty("usage"));
        output.Write(
            tenant,
            ("tenant", Output.Member(tenant, "id")),
            ("state", Output.Member(tenant, "state")),
            ("plan", Output.Member(limits, "plan")),
            ("domains", $"{Output.Member(usage, "domains")} of {Limit(limits, "domains")}: {Output.Member(tenant, "domains")}"),
            ("accounts", $"{Output.Member(usage, "accounts")} of {Limit(limits, "accounts")}"),
            ("quota octets", $"{Output.Member(usage, "quotaBytes")} of {Limit(limits, "storageBytes")}"),
            ("recipients a day", Limit(limits, "recipientsPerDay")),
            ("sessions on an edge", Limit(limits, "sessions")),
            ("commands a second on an edge", Limit(limits, "commandsPerSecond")),
            ("characters of a password", $"at least {Math.Max(8, limits.GetProperty("passwordLength").GetInt32())}"));
    }

    private static string Limit(JsonElement limits, string name) => limits.GetProperty(name).GetInt64() is > 0 and var limit ? $"{limit}" : "any number";
}
