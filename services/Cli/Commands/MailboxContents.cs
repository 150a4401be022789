using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>mailbox folders|make-folder|messages|message ADDRESS …</c>: what is in an account's mailbox. That somebody looked stands in the audit log.</summary>
internal static class MailboxContents
{
    public static Command BuildFolders(Func<ParseResult, AdminClient> connect)
    {
        var address = Address;
        var command = new Command("folders", "List the folders of a mailbox, with their messages and octets.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var answer = await client.GetAsync($"{PathOf(parsed.GetValue(address)!)}/folders", cancellationToken);
            using var listing = Output.Of(parsed).Begin("folder", "use", "subscribed", "messages", "octets", "UIDVALIDITY", "next UID");
            foreach (var folder in answer.GetProperty("folders").EnumerateArray())
            {
                listing.AddMembers(folder, "name", "specialUse", "subscribed", "messages", "bytes", "uidValidity", "uidNext");
            }

            return 0;
        });
        return command;
    }

    public static Command BuildMakeFolder(Func<ParseResult, AdminClient> connect)
    {
        var (address, folder) = (Address, Folder);
        var subscribed = new Option<bool?>("--subscribed") { Description = "true or false: whether mail programs that go by subscriptions show it." };
        var command = new Command("make-folder", "Make a folder; one that there is stays.") { address, folder, subscribed };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var subscription = parsed.GetValue(subscribed) is { } value ? $"&subscribed={(value ? "true" : "false")}" : "";
            var made = await client.PutAsync($"{PathOf(parsed.GetValue(address)!)}/folders?folder={Uri.EscapeDataString(parsed.GetValue(folder)!)}{subscription}", "", cancellationToken);
            Output.Of(parsed).Say(made, $"{parsed.GetValue(address)} has {parsed.GetValue(folder)}");
            return 0;
        });
        return command;
    }

    public static Command BuildMessages(Func<ParseResult, AdminClient> connect)
    {
        var (address, folder) = (Address, Folder);
        var command = new Command("messages", "List the messages of a folder in the order of their UIDs.") { address, folder };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var path = $"{PathOf(parsed.GetValue(address)!)}/messages?folder={Uri.EscapeDataString(parsed.GetValue(folder)!)}";
            using var listing = Output.Of(parsed).Begin("UID", "filed at", "octets", "flags", "keywords");
            for (string? after = "0"; after is not null;)
            {
                var page = await client.GetAsync($"{path}&after={after}", cancellationToken);
                foreach (var message in page.GetProperty("messages").EnumerateArray())
                {
                    listing.AddMembers(message, "uid", "internalDate", "size", "flags", "keywords");
                }

                after = Output.Member(page, "next");
            }

            return 0;
        });
        return command;
    }

    public static Command BuildMessage(Func<ParseResult, AdminClient> connect)
    {
        var (address, folder) = (Address, Folder);
        var uid = new Argument<uint>("UID") { Description = "The message's UID, as messages shows it." };
        var command = new Command("message", "Print a message: piped its octets as they are stored.") { address, folder, uid };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var path = $"{PathOf(parsed.GetValue(address)!)}/messages/{parsed.GetValue(uid)}?folder={Uri.EscapeDataString(parsed.GetValue(folder)!)}";
            if (Console.IsOutputRedirected)
            {
                await CopyAsync(client, path, cancellationToken);
                return 0;
            }

            await foreach (var line in client.GetLinesAsync(path, cancellationToken))
            {
                Console.WriteLine(Output.Plain(line.Replace("\t", "    ", StringComparison.Ordinal)));
            }

            return 0;
        });
        return command;
    }

    private static async Task CopyAsync(AdminClient client, string path, CancellationToken cancellationToken)
    {
        await using var octets = Console.OpenStandardOutput();
        try
        {
            await client.CopyAsync(path, octets, cancellationToken);
        }
        catch (IOException e)
        {
            throw new AdminException($"the message is not whole: {e.Message}");
        }
    }

    private static Argument<string> Address => new("ADDRESS") { Description = "The account, local@domain." };

    private static Argument<string> Folder => new("FOLDER") { Description = "The folder's name, INBOX for example; levels are separated by /." };

    private static string PathOf(string address) => $"/admin/v1/mailboxes/{Uri.EscapeDataString(address)}";
}
