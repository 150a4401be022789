using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>audit [TENANT] --since --limit</c>: what administrators did with a tenant's things, or, without a tenant, what is of none.</summary>
internal static class Audit
{
    private const string ApiPath = "/admin/v1";

    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Argument<string?>("TENANT") { Description = "The tenant's id; without it what is of no tenant.", Arity = ArgumentArity.ZeroOrOne };
        var since = new Option<DateTimeOffset?>("--since") { Description = "From when on, 2027-01-31 or 2027-01-31T12:00:00Z." };
        var limit = new Option<int>("--limit") { Description = "At most so many acts.", DefaultValueFactory = _ => 1000 };
        var command = new Command("audit", "List what administrators did, the oldest first.") { tenant, since, limit };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
        {
            var log = parsed.GetValue(tenant) is { } id ? $"{Tenant.PathOf(id)}/audit" : $"{ApiPath}/audit";
            var from = AdminClient.Filter(("since", parsed.GetValue(since)?.ToString("O", CultureInfo.InvariantCulture)));
            return ListAsync(client, Output.Of(parsed), log, from, parsed.GetValue(limit), cancellationToken);
        });
        return command;
    }

    private static async Task<int> ListAsync(AdminClient client, Output output, string log, string from, int left, CancellationToken cancellationToken)
    {
        using var listing = output.Begin("when", "who", "what", "before → after", "status");
        for (string? after = "0"; after is not null;)
        {
            var page = await client.GetAsync($"{log}?after={Uri.EscapeDataString(after)}{from}", cancellationToken);
            foreach (var record in page.GetProperty("records").EnumerateArray())
            {
                if (left-- == 0)
                {
                    await Console.Error.WriteLineAsync("there is more: --limit says how many are shown, --since from when on");
                    return 0;
                }

                listing.Add(record, Output.Time(record, "at"), Who(record), What(record), Change(record), Output.Member(record, "status") ?? "not known");
            }

            after = page.GetProperty("next").GetString();
        }

        return 0;
    }

    private static string Who(JsonElement record) => $"{Output.Member(record, "name")} ({Output.Member(record, "role")})\n{Output.Member(record, "from")}";

    private static string What(JsonElement record)
    {
        var (method, path) = (Output.Member(record, "operation")!.Split(' ')[0], Output.Member(record, "path")!);
        return $"{method} {(path.StartsWith(ApiPath, StringComparison.Ordinal) ? path[ApiPath.Length..] : path)}";
    }

    /// <summary>A line for each value that differs.</summary>
    private static string Change(JsonElement record)
    {
        Dictionary<string, string> before = [], after = [];
        Collect(before, "", record.GetProperty("before"));
        Collect(after, "", record.GetProperty("after"));
        return string.Join('\n', before.Keys.Union(after.Keys).Select(name => Line(name, before.GetValueOrDefault(name, ""), after.GetValueOrDefault(name, ""))).OfType<string>());
    }

    private static string? Line(string name, string before, string after) => before == after ? null : before.Length == 0 ? $"{name}: → {after}" : $"{name}: {before} → {after}".TrimEnd();

    /// <summary>The values within an object, each by the names that lead to it.</summary>
    private static void Collect(Dictionary<string, string> values, string prefix, JsonElement view)
    {
        if (view.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in view.EnumerateObject())
        {
            var name = prefix + member.Name;
            Collect(values, $"{name}.", member.Value);
            if (member.Value.ValueKind != JsonValueKind.Object)
            {
                values[name] = Output.Member(view, member.Name) ?? "";
            }
        }
    }
}
