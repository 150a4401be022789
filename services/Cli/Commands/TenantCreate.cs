using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant create TENANT</c>, with limits or without. Repeating it is safe: a tenant that there is stays, and has the limits that are given.</summary>
internal static class TenantCreate
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Argument<string>("TENANT") { Description = "The new tenant's id: 1 to 40 of a-z, 0-9 and -." };
        var limits = new TenantLimits();
        var command = new Command("create", "Make a tenant. Give it domains with: domain add.") { tenant };
        limits.AddTo(command);
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var made = await client.PostForOneAsync("/admin/v1/tenants", JsonSerializer.Serialize(new { id = parsed.GetValue(tenant) }), cancellationToken);
            Tenant.Print(Output.Of(parsed), limits.Read(parsed) is { } given ? await LimitAsync(client, Output.Member(made, "id")!, given, cancellationToken) : made);
            return 0;
        });
        return command;
    }

    private static async Task<JsonElement> LimitAsync(AdminClient client, string tenant, object limits, CancellationToken cancellationToken)
    {
        try
        {
            return await client.PutAsync(Tenant.PathOf(tenant), JsonSerializer.Serialize(new { limits }), cancellationToken);
        }
        catch (AdminException e)
        {
            throw new AdminException($"tenant {tenant} is there, but without these limits: {e.Message}") { Status = e.Status, Transient = e.Transient };
        }
    }
}
