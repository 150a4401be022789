using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>address show ADDRESS</c>: what it stands for.</summary>
internal static class AddressShow
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The address, in a hosted domain." };
        var command = new Command("show", "Show what an address stands for, and how its password is kept.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Print(Output.Of(parsed), await client.GetAsync(PathOf(parsed.GetValue(address)!), cancellationToken));
            return 0;
        });
        return command;
    }

    public static string PathOf(string address) => $"/admin/v1/addresses/{Uri.EscapeDataString(address)}";

    public static void Print(Output output, JsonElement address) => output.Write(
        address,
        ("address", Output.Member(address, "address")), ("tenant", Output.Member(address, "tenant")), ("kind", Output.Member(address, "kind")), ("leads to", Output.Member(address, "targets")),
        ("state", Output.Member(address, "state")), ("quota", Output.Member(address, "quotaBytes")), ("sends as", Output.Member(address, "sendAs")),
        ("password", Output.Member(address, "passwordScheme") ?? "none"));
}
