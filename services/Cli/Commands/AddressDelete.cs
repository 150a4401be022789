using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>address delete|restore ADDRESS</c>: takes an address away at once, with all that it has; within a time it can be brought back.</summary>
internal static class AddressDelete
{
    public static Command BuildDelete(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("delete", "Delete an address. It is gone at once, and can be restored for a time.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var deleted = await client.DeleteAsync(AddressShow.PathOf(parsed.GetValue(address)!), cancellationToken);
            Output.Of(parsed).Say(deleted, $"{Output.Member(deleted, "address")} is deleted; it can be restored until {Output.Time(deleted, "restorableUntil")}");
            return 0;
        });
        return command;
    }

    public static Command BuildRestore(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("restore", "Bring a deleted address back as it was.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var restored in client.PostAsync($"{AddressShow.PathOf(parsed.GetValue(address)!)}/restore", null, cancellationToken))
            {
                Output.Of(parsed).Say(restored, $"{Output.Member(restored, "address")} is back: {Output.Member(restored, "kind")}");
            }

            return 0;
        });
        return command;
    }

    private static Argument<string> Address => new("ADDRESS") { Description = "The address, in a hosted domain." };
}
