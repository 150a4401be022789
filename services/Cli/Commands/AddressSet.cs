using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>address set ADDRESS</c>: makes it an account, an alias, forwarded or moved, or changes its quota, its state, its password and what it may send as. What is not given stays.</summary>
internal static class AddressSet
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The address, in a hosted domain." };
        var kind = new Option<string?>("--kind") { Description = "account, alias, forwarded, moved or group." };
        var targets = new Option<string[]>("--target") { Description = "Where it leads; may be given several times.", AllowMultipleArgumentsPerToken = true };
        var quota = new Option<long?>("--quota") { Description = "Octets; 0 is unlimited." };
        var sendAs = new Option<string[]>("--send-as") { Description = "A further address that the account may send as; may be given several times.", AllowMultipleArgumentsPerToken = true };
        var state = new Option<string?>("--state") { Description = "active, receive-only (it sends no mail) or suspended (nobody logs in, mail for it is refused); at once." };
        var password = new Option<bool>("--password") { Description = "Sets its password, which is asked for at a terminal, and is otherwise the first line of standard input." };
        var command = new Command("set", "Say what an address stands for.") { address, kind, targets, quota, sendAs, state, password };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var update = new Dictionary<string, object?>();
            AddGiven(update, "kind", parsed.GetValue(kind));
            AddGiven(update, "targets", parsed.GetValue(targets) is { Length: > 0 } given ? given : null);
            AddGiven(update, "quotaBytes", parsed.GetValue(quota));
            AddGiven(update, "sendAs", parsed.GetValue(sendAs) is { Length: > 0 } granted ? granted : null);
            AddGiven(update, "state", parsed.GetValue(state));
            AddGiven(update, "password", parsed.GetValue(password) ? await PasswordPrompt.ReadAsync(cancellationToken) : null);
            AddressShow.Print(Output.Of(parsed), await client.PutAsync(AddressShow.PathOf(parsed.GetValue(address)!), JsonSerializer.Serialize(update), cancellationToken));
            return 0;
        });
        return command;
    }

    private static void AddGiven(Dictionary<string, object?> update, string name, object? value)
    {
        if (value is not null)
        {
            update[name] = value;
        }
    }
}
