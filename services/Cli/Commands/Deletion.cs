using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain delete|restore DOMAIN</c> and <c>tenant delete|restore TENANT</c>: each is away at once, with all that it has; within a time it can be brought back.</summary>
internal static class Deletion
{
    private static readonly Kind Domain = new("a domain", "DOMAIN", "A hosted domain.", "domains", "domain");
    private static readonly Kind Tenant = new("a tenant with all its domains", "TENANT", "The tenant's id.", "tenants", "id");

    public static Command BuildDomainDelete(Func<ParseResult, AdminClient> connect) => BuildDelete(connect, Domain);

    public static Command BuildDomainRestore(Func<ParseResult, AdminClient> connect) => BuildRestore(connect, Domain);

    public static Command BuildTenantDelete(Func<ParseResult, AdminClient> connect) => BuildDelete(connect, Tenant);

    public static Command BuildTenantRestore(Func<ParseResult, AdminClient> connect) => BuildRestore(connect, Tenant);

    private static Command BuildDelete(Func<ParseResult, AdminClient> connect, Kind kind)
    {
        var name = kind.Argument;
        var command = new Command("delete", $"Delete {kind.Description}. It is gone at once, and can be restored for a time.") { name };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var deleted = await client.DeleteAsync(kind.PathOf(parsed.GetValue(name)!), cancellationToken);
            Output.Of(parsed).Say(deleted, $"{Output.Member(deleted, kind.NameMember)} is deleted; it can be restored until {Output.Time(deleted, "restorableUntil")}");
            return 0;
        });
        return command;
    }

    private static Command BuildRestore(Func<ParseResult, AdminClient> connect, Kind kind)
    {
        var name = kind.Argument;
        var command = new Command("restore", $"Bring {kind.Description} back as it was.") { name };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var restored in client.PostAsync($"{kind.PathOf(parsed.GetValue(name)!)}/restore", null, cancellationToken))
            {
                Output.Of(parsed).Say(restored, $"{Output.Member(restored, kind.NameMember)} is back");
            }

            return 0;
        });
        return command;
    }

    private sealed record Kind(string Description, string ArgumentName, string ArgumentDescription, string Collection, string NameMember)
    {
        public Argument<string> Argument => new(ArgumentName) { Description = ArgumentDescription };

        public string PathOf(string name) => $"/admin/v1/{Collection}/{Uri.EscapeDataString(name)}";
    }
}
