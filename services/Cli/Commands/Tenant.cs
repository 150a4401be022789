using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant show|set TENANT</c>: a tenant's state, limits and domains. Each prints them as they are then. <c>tenant list</c>: all of them.</summary>
internal static class Tenant
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("tenant", "Tenants.")
    {
        TenantCreate.Build(connect), TenantList.BuildTenants(connect), BuildShow(connect), BuildSet(connect), TenantOidc.Build(connect), Deletion.BuildTenantDelete(connect), Deletion.BuildTenantRestore(connect),
    };

    public static string PathOf(string tenant) => $"/admin/v1/tenants/{Uri.EscapeDataString(tenant)}";

    public static void Print(Output output, JsonElement tenant)
    {
        var (limits, usage) = (tenant.GetProperty("limits"), tenant.GetProperty("usage"));
        output.Write(
            tenant,
            ("tenant", Output.Member(tenant, "id")),
            ("state", Output.Member(tenant, "state")),
            ("plan", Output.Member(limits, "plan") is { Length: > 0 } plan ? plan : "none"),
            ("domains", $"{Output.Member(usage, "domains")} of {Limit(limits, "domains")}: {Output.Member(tenant, "domains")}"),
            ("accounts", $"{Output.Member(usage, "accounts")} of {Limit(limits, "accounts")}"),
            ("storage by quotas", $"{Output.Size(usage.GetProperty("quotaBytes").GetInt64())} of {(limits.GetProperty("storageBytes").GetInt64() is > 0 and var most ? Output.Size(most) : "any")}"),
            ("recipients a day", Limit(limits, "recipientsPerDay")),
            ("sessions on an edge", Limit(limits, "sessions")),
            ("commands a second on an edge", Limit(limits, "commandsPerSecond")),
            ("characters of a password", $"at least {Math.Max(8, limits.GetProperty("passwordLength").GetInt32())}"));
    }

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
        var limits = new TenantLimits();
        var command = new Command("set", "Change what a tenant may do and have. What is not given stays.") { tenant, state };
        limits.AddTo(command);
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var update = new { state = parsed.GetValue(state), limits = limits.Read(parsed) };
            Print(Output.Of(parsed), await client.PutAsync(PathOf(parsed.GetValue(tenant)!), JsonSerializer.Serialize(update), cancellationToken));
            return 0;
        });
        return command;
    }

    private static string Limit(JsonElement limits, string name) => limits.GetProperty(name).GetInt64() is > 0 and var limit ? $"{limit}" : "any number";
}
