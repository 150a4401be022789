using System.CommandLine;
using System.Net;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>account create ADDRESS --quota --send-as</c>: makes an account and changes none. Its password is asked for, or read from standard input.</summary>
internal static class AccountCreate
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The new account, local@domain, in a hosted domain." };
        var quota = new Option<long?>("--quota") { Description = "Octets; 0 is unlimited. Without it what the tenant gives new accounts." };
        var sendAs = new Option<string[]>("--send-as") { Description = "A further address that the account may send as; may be given several times.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("create", "Make an account. Its password is asked for at a terminal, and is otherwise the first line of standard input.") { address, quota, sendAs };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var account = new
            {
                kind = "account",
                password = await PasswordPrompt.ReadAsync(cancellationToken),
                quotaBytes = parsed.GetValue(quota),
                sendAs = parsed.GetValue(sendAs) is { Length: > 0 } given ? given : null,
            };
            AddressShow.Print(Output.Of(parsed), await MakeAsync(client, parsed.GetValue(address)!, JsonSerializer.Serialize(account), cancellationToken));
            return 0;
        });
        return command;
    }

    private static async Task<JsonElement> MakeAsync(AdminClient client, string address, string account, CancellationToken cancellationToken)
    {
        try
        {
            return await client.PutNewAsync(AddressShow.PathOf(address), account, cancellationToken);
        }
        catch (AdminException e) when (e.Status == HttpStatusCode.PreconditionFailed)
        {
            throw new AdminException($"there is {address} already, and it stays as it is: address show tells what it is, address set changes it") { Status = e.Status };
        }
    }
}
