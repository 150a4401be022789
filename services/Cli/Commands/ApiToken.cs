using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>token create|list|show|revoke</c>: tokens of the admin API, of the platform, a tenant or an account. The secret of one is shown when it is made, and never again.</summary>
internal static class ApiToken
{
    private const string Path = "/admin/v1/tokens";

    public static Command Build(Func<ParseResult, AdminClient> connect) => new("token", "Tokens of the admin API.")
    {
        BuildCreate(connect), BuildList(connect), BuildShow(connect), BuildRevoke(connect),
    };

    private static Argument<string> Id => new("ID") { Description = "Its id, as list shows it." };

    private static Command BuildCreate(Func<ParseResult, AdminClient> connect)
    {
        var name = new Argument<string>("NAME") { Description = "What people know the token by." };
        var role = new Option<string>("--role") { Description = "platform, tenant, help-desk (sees a tenant, sets passwords) or user (its own account).", Required = true };
        role.AcceptOnlyFromAmong("platform", "tenant", "help-desk", "user");
        var tenant = new Option<string?>("--tenant") { Description = "Whose it is, of the roles tenant and help-desk." };
        var address = new Option<string?>("--address") { Description = "Whose it is, of the role user." };
        var readOnly = new Option<bool>("--read-only") { Description = "It changes nothing." };
        var permissions = new Option<string[]>("--permission")
        {
            Description = "One of the role's permissions that it has, readDirectory for example; may be given several times. Without it all of them.",
            AllowMultipleArgumentsPerToken = true,
        };
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "From when on it opens nothing, 2027-01-31 or 2027-01-31T12:00:00Z; 366 days from now at most. Without it 90." };
        var command = new Command("create", "Make a token. Its secret is shown now and never again.") { name, role, tenant, address, readOnly, permissions, expires };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var body = new
            {
                name = parsed.GetValue(name),
                role = parsed.GetValue(role),
                tenant = parsed.GetValue(tenant),
                address = parsed.GetValue(address),
                readOnly = parsed.GetValue(readOnly),
                permissions = parsed.GetValue(permissions) is { Length: > 0 } given ? given : null,
                expiresAt = parsed.GetValue(expires),
            };
            PrintMade(Output.Of(parsed), await client.PostForOneAsync(Path, JsonSerializer.Serialize(body), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Option<string?>("--tenant") { Description = "This tenant's." };
        var address = new Option<string?>("--address") { Description = "This account's." };
        var command = new Command("list", "List tokens, in the order in which they were made: the platform's, a tenant's or an account's. Without an option those of whose token this is.") { tenant, address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var holder = AdminClient.Filter(("tenant", parsed.GetValue(tenant)), ("address", parsed.GetValue(address)));
            using var listing = Output.Of(parsed).Begin("id", "name", "role", "read only", "expires at", "last used");
            for (string? after = ""; after is not null;)
            {
                var page = await client.GetAsync($"{Path}?after={Uri.EscapeDataString(after)}{holder}", cancellationToken);
                foreach (var token in page.GetProperty("tokens").EnumerateArray())
                {
                    var (id, name, role) = (Output.Member(token, "id"), Output.Member(token, "name"), Output.Member(token, "role"));
                    listing.Add(token, id, name, role, Output.Member(token, "readOnly"), Moment(token, "expiresAt"), Moment(token, "lastUsedAt"));
                }

                after = page.GetProperty("next").GetString();
            }

            return 0;
        });
        return command;
    }

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var id = Id;
        var command = new Command("show", "Show what a token may do, who made it, until when it is good, and when it was last used.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var token = await client.GetAsync(PathOf(parsed.GetValue(id)!), cancellationToken);
            Output.Of(parsed).Write(token, RowsOf(token));
            return 0;
        });
        return command;
    }

    private static Command BuildRevoke(Func<ParseResult, AdminClient> connect)
    {
        var id = Id;
        var command = new Command("revoke", "End a token: it opens nothing any more, on every edge within ten seconds.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var revoked = await client.DeleteAsync(PathOf(parsed.GetValue(id)!), cancellationToken);
            Output.Of(parsed).Say(revoked, $"{Output.Member(revoked, "id")} ({Output.Member(revoked, "name")}) is revoked");
            return 0;
        });
        return command;
    }

    private static void PrintMade(Output output, JsonElement made)
    {
        output.Write(made, RowsOf(made.GetProperty("token")));
        if (!output.IsJson)
        {
            // On a line of its own, which no column breaks.
            output.Say(made, $"\nIts secret, which is shown now and never again:\n{Output.Member(made, "secret")}");
        }
    }

    private static (string Name, string? Value)[] RowsOf(JsonElement token) =>
    [
        ("id", Output.Member(token, "id")), ("name", Output.Member(token, "name")), ("role", Output.Member(token, "role")), ("tenant", Output.Member(token, "tenant")),
        ("address", Output.Member(token, "address")), ("may", Output.Member(token, "permissions")), ("read only", Output.Member(token, "readOnly")),
        ("made at", Output.Member(token, "createdAt")), ("made by", Output.Member(token, "createdBy")), ("expires at", Output.Member(token, "expiresAt")),
        ("last used", Output.Member(token, "lastUsedAt")),
    ];

    /// <summary>Short, so that an id is not broken: nobody could copy it.</summary>
    private static string Moment(JsonElement token, string member) =>
        token.GetProperty(member) is { ValueKind: JsonValueKind.String } time ? time.GetDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) : "";

    private static string PathOf(string id) => $"{Path}/{Uri.EscapeDataString(id)}";
}
