using System.CommandLine;
using System.Text;
using System.Text.Json;
using QRCoder;

namespace MailCloud.Cli.Commands;

/// <summary><c>account totp show|begin|confirm|remove ADDRESS …</c>: an account's second factor.</summary>
internal static class AccountTotp
{
    public static Command Build(Func<ParseResult, AdminClient> connect) => new("totp", "An account's second factor: codes by time, for sign-ins over HTTP. Mail programs log in by app passwords then.")
    {
        BuildShow(connect), BuildBegin(connect), BuildConfirm(connect), BuildRemove(connect),
    };

    private static Argument<string> Address => new("ADDRESS") { Description = "The account, local@domain." };

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("show", "Whether there is one, since when, and how many recovery codes are left.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var shown = await client.GetAsync(PathOf(parsed.GetValue(address)!), cancellationToken);
            Output.Of(parsed).Write(shown, ("state", Text(shown, "state")), ("confirmed at", Output.Time(shown, "confirmedAt")), ("recovery codes", Text(shown, "recoveryCodes")));
            return 0;
        });
        return command;
    }

    private static Command BuildBegin(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("begin", "Make a secret for an authenticator. It is shown now and never again, and counts once a code confirms it.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            await foreach (var begun in client.PostAsync(PathOf(parsed.GetValue(address)!), null, cancellationToken))
            {
                var output = Output.Of(parsed);
                output.Write(begun, ("secret", Text(begun, "secret")), ("uri", Text(begun, "uri")));
                using var code = QRCodeGenerator.GenerateQrCode(Text(begun, "uri")!, QRCodeGenerator.ECCLevel.M);
                using var drawing = new AsciiQRCode(code);
                output.Note(drawing.GetGraphicSmall());
            }

            return 0;
        });
        return command;
    }

    private static Command BuildConfirm(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var code = new Argument<string>("CODE") { Description = "The six digits that the authenticator shows now." };
        var command = new Command("confirm", "The account has a second factor from now on. Prints its recovery codes, once; again, with a later code, others in their place.") { address, code };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            using var content = new StringContent(JsonSerializer.Serialize(new { code = parsed.GetValue(code) }), Encoding.UTF8, "application/json");
            await foreach (var confirmed in client.PostAsync($"{PathOf(parsed.GetValue(address)!)}/confirm", content, cancellationToken))
            {
                Output.Of(parsed).Write(confirmed, ("recovery codes", Text(confirmed, "recoveryCodes")));
            }

            return 0;
        });
        return command;
    }

    private static Command BuildRemove(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("remove", "Take it away: the password suffices again.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var removed = await client.DeleteAsync(PathOf(parsed.GetValue(address)!), cancellationToken);
            Output.Of(parsed).Say(removed, $"{parsed.GetValue(address)} has no second factor");
            return 0;
        });
        return command;
    }

    private static string PathOf(string address) => $"{AddressShow.PathOf(address)}/totp";

    private static string? Text(JsonElement shown, string member) => Output.Member(shown, member);
}
