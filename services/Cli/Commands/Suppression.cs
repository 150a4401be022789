using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>suppression list|show|add|remove TENANT …</c>: addresses on other hosts to which none of a tenant's mail goes.</summary>
internal static class Suppression
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("suppression", "Addresses on other hosts to which none of a tenant's mail goes.")
    {
        BuildList(connect), BuildShow(connect), BuildAdd(connect), BuildRemove(connect),
    };

    private static Argument<string> Tenant => new("TENANT") { Description = "The tenant's id." };

    private static Argument<string> Address => new("ADDRESS") { Description = "An address, local@domain." };

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Tenant;
        var prefix = new Option<string>("--prefix") { Description = "Only addresses that begin so.", DefaultValueFactory = _ => "" };
        var command = new Command("list", "List them in order: address, when, until when, the reply or the reason.") { tenant, prefix };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            using var listing = Output.Of(parsed).Begin("address", "listed at", "until", "reason");
            for (string? after = ""; after is not null;)
            {
                var page = await client.GetAsync(
                    $"{PathOf(parsed.GetValue(tenant)!)}?prefix={Uri.EscapeDataString(parsed.GetValue(prefix)!)}&after={Uri.EscapeDataString(after)}", cancellationToken);
                foreach (var listed in page.GetProperty("suppressions").EnumerateArray())
                {
                    listing.Add(listed, Output.Member(listed, "address"), Output.Time(listed, "at"), Output.Time(listed, "until"), Output.Member(listed, "reason"));
                }

                after = page.GetProperty("next").GetString();
            }

            listing.End();
            return 0;
        });
        return command;
    }

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var (tenant, address) = (Tenant, Address);
        var command = new Command("show", "Show why an address is listed, and for how long.") { tenant, address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(Output.Of(parsed), await client.GetAsync(PathOf(parsed.GetValue(tenant)!, parsed.GetValue(address)!), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildAdd(Func<ParseResult, AdminClient> connect)
    {
        var (tenant, address) = (Tenant, Address);
        var reason = new Option<string?>("--reason") { Description = "Why: senders are told." };
        var command = new Command("add", "List an address, until it is removed.") { tenant, address, reason };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var body = JsonSerializer.Serialize(new { reason = parsed.GetValue(reason) });
            Print(Output.Of(parsed), await client.PutAsync(PathOf(parsed.GetValue(tenant)!, parsed.GetValue(address)!), body, cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildRemove(Func<ParseResult, AdminClient> connect)
    {
        var (tenant, address) = (Tenant, Address);
        var command = new Command("remove", "Take an address off the list: mail goes there again.") { tenant, address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var removed = await client.DeleteAsync(PathOf(parsed.GetValue(tenant)!, parsed.GetValue(address)!), cancellationToken);
            Output.Of(parsed).Say(removed, $"{Output.Member(removed, "address")} is off the list");
            return 0;
        });
        return command;
    }

    private static string PathOf(string tenant) => $"/admin/v1/tenants/{Uri.EscapeDataString(tenant)}/suppressions";

    private static string PathOf(string tenant, string address) => $"{PathOf(tenant)}/{Uri.EscapeDataString(address)}";

    private static void Print(Output output, JsonElement listed) => output.Write(
        listed,
        ("address", Output.Member(listed, "address")),
        ("listed at", Output.Time(listed, "at")),
        ("by", Output.Member(listed, "by")),
        ("reason", Output.Member(listed, "reason")),
        ("other host", Output.Member(listed, "host")),
        ("until", Output.Time(listed, "until") ?? "it is removed"));
}
