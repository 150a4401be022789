using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>group set|show|member …</c>: addresses whose mail goes to their members, however many.</summary>
internal static class Group
{
    /// <summary>Members of one request.</summary>
    private const int AtOnce = 1000;

    public static Command Build(Func<ParseResult, AdminClient> connect) => new("group", "Groups: what is sent to one goes to its members.")
    {
        BuildSet(connect),
        BuildShow(connect),
        new Command("member", "The members of a group.") { BuildList(connect), BuildAdd(connect), BuildRemove(connect) },
    };

    private static Argument<string> Address => new("GROUP") { Description = "The group's address, in a hosted domain." };

    private static Command BuildSet(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var owner = new Option<string?>("--owner") { Description = "Who runs it, and is told of members that cannot be reached; \"\" is the postmaster of its domain, as it is at first." };
        var posting = new Option<string?>("--posting") { Description = "Who may send to it: anyone, tenant (who is logged in with an account of its tenant) or members." };
        var command = new Command("set", "Make a group, or change what is given.") { address, owner, posting };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var update = new Dictionary<string, string> { ["kind"] = "group" };
            AddGiven(update, "owner", parsed.GetValue(owner));
            AddGiven(update, "posting", parsed.GetValue(posting));
            Print(Output.Of(parsed), await client.PutAsync(AddressShow.PathOf(parsed.GetValue(address)!), JsonSerializer.Serialize(update), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("show", "Show who runs a group, and who may send to it.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var shown = await client.GetAsync(AddressShow.PathOf(parsed.GetValue(address)!), cancellationToken);
            if (Output.Member(shown, "kind") != "group")
            {
                throw new AdminException($"{Output.Member(shown, "address")} is no group ({Output.Member(shown, "kind")})");
            }

            Print(Output.Of(parsed), shown);
            return 0;
        });
        return command;
    }

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("list", "List the members, in an order that stays the same.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            using var listing = Output.Of(parsed).Begin("member");
            for (string? after = ""; after is not null;)
            {
                var page = await client.GetAsync($"{MembersOf(parsed.GetValue(address)!)}?after={Uri.EscapeDataString(after)}", cancellationToken);
                foreach (var member in page.GetProperty("members").EnumerateArray())
                {
                    listing.AddMembers(JsonSerializer.SerializeToElement(new { member = member.GetString() }), "member");
                }

                after = page.GetProperty("next").GetString();
            }

            return 0;
        });
        return command;
    }

    private static Command BuildAdd(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var members = new Argument<string[]>("MEMBER") { Description = "Addresses, here or elsewhere; other groups too.", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<FileInfo>("--file") { Description = "A file with an address on each line." }.AcceptExistingOnly();
        var command = new Command("add", "Add members; who is one already stays.") { address, members, file };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var (given, listed) = (parsed.GetValue(members) ?? [], parsed.GetValue(file) is { } from ? File.ReadLines(from.FullName) : []);
            var added = 0;
            foreach (var some in given.Concat(listed.Select(line => line.Trim()).Where(line => line.Length > 0)).Chunk(AtOnce))
            {
                using var body = new StringContent(JsonSerializer.Serialize(new { members = some }), System.Text.Encoding.UTF8, "application/json");
                await foreach (var answer in client.PostAsync(MembersOf(parsed.GetValue(address)!), body, cancellationToken))
                {
                    added += answer.GetProperty("added").GetInt32();
                }
            }

            Output.Of(parsed).Say(new { added }, $"{added} members added");
            return 0;
        });
        return command;
    }

    private static Command BuildRemove(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var member = new Argument<string>("MEMBER") { Description = "The member's address." };
        var command = new Command("remove", "Take a member out of a group.") { address, member };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var removed = await client.DeleteAsync($"{MembersOf(parsed.GetValue(address)!)}/{Uri.EscapeDataString(parsed.GetValue(member)!)}", cancellationToken);
            Output.Of(parsed).Say(removed, $"{Output.Member(removed, "member")} is no member any more");
            return 0;
        });
        return command;
    }

    private static void Print(Output output, JsonElement group) => output.Write(
        group, ("address", Output.Member(group, "address")), ("owner", Output.Member(group, "owner")), ("posting", Output.Member(group, "posting")), ("state", Output.Member(group, "state")));

    private static void AddGiven(Dictionary<string, string> update, string name, string? value)
    {
        if (value is not null)
        {
            update[name] = value;
        }
    }

    private static string MembersOf(string address) => $"{AddressShow.PathOf(address)}/members";
}
