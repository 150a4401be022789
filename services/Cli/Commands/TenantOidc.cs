using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>tenant oidc show|set|remove TENANT</c>: whose tokens let the tenant's accounts log in. <c>show</c> and <c>set</c> print it as it is then.</summary>
internal static class TenantOidc
{
    public static Command Build(Func<ParseResult, AdminClient> connect) =>
        new("oidc", "The issuer whose tokens let a tenant's accounts log in.") { BuildShow(connect), BuildSet(connect), BuildRemove(connect) };

    private static Argument<string> Id => new("TENANT") { Description = "The tenant's id." };

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var command = new Command("show", "Show the issuer.") { tenant };
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
        var issuer = new Option<string>("--issuer") { Description = "iss of its tokens, an https address; its keys are found from there.", Required = true };
        var audiences = new Option<string[]>("--audience") { Description = "What aud of a token may be; may be given several times.", Required = true };
        var claim = new Option<string?>("--account-claim") { Description = "The claim with the account's address: email (the default), preferred_username or sub." };
        var scopes = new Option<string[]>("--scope") { Description = "A scope that a token must have; may be given several times." };
        var command = new Command("set", "Let tokens of this issuer log in, and no other's.") { tenant, issuer, audiences, claim, scopes };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var body = new
            {
                issuer = parsed.GetValue(issuer),
                audiences = parsed.GetValue(audiences),
                accountClaim = parsed.GetValue(claim),
                scopes = parsed.GetValue(scopes),
            };
            Print(Output.Of(parsed), await client.PutAsync(PathOf(parsed.GetValue(tenant)!), JsonSerializer.Serialize(body), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildRemove(Func<ParseResult, AdminClient> connect)
    {
        var tenant = Id;
        var command = new Command("remove", "Let no token log in any more.") { tenant };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var removed = await client.DeleteAsync(PathOf(parsed.GetValue(tenant)!), cancellationToken);
            Output.Of(parsed).Say(removed, "removed");
            return 0;
        });
        return command;
    }

    private static string PathOf(string tenant) => $"/admin/v1/tenants/{Uri.EscapeDataString(tenant)}/oidc";

    private static void Print(Output output, JsonElement answer) => output.Write(
        answer,
        ("issuer", Output.Member(answer, "issuer")), ("account", Output.Member(answer, "accountClaim")),
        ("audience", Output.Member(answer, "audiences")), ("scope", Output.Member(answer, "scopes")));
}
