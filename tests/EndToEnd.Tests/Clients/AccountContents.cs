using MailKit;
using MailKit.Net.Imap;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>One message in one folder.</summary>
/// <param name="Folder">Levels separated by <c>/</c>.</param>
/// <param name="Id">Its X-Test-Id.</param>
/// <param name="Flags">System flags by the letters of Maildir, in order: D F R S T.</param>
/// <param name="Digest">Of its octets, see <see cref="TestMessage.Digest"/>.</param>
internal sealed record MessageCopy(string Folder, string Id, string Flags, string Digest);

/// <summary>All that an account holds, as a new session finds it.</summary>
internal static class AccountContents
{
    private static readonly (MessageFlags Flag, char Letter)[] Letters =
        [(MessageFlags.Draft, 'D'), (MessageFlags.Flagged, 'F'), (MessageFlags.Answered, 'R'), (MessageFlags.Seen, 'S'), (MessageFlags.Deleted, 'T')];

    public static async Task<IReadOnlyList<MessageCopy>> ReadAsync(ClientServer server, string user)
    {
        using var client = await server.ConnectAsync(user);
        var copies = new List<MessageCopy>();
        foreach (var folder in await FoldersAsync(client))
        {
            await folder.OpenAsync(FolderAccess.ReadOnly);
            foreach (var message in folder.Count == 0 ? [] : await folder.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.Size))
            {
                var octets = await OctetsAsync(folder, message.UniqueId);
                Assert.Equal(octets.Length, (int)message.Size!.Value);
                copies.Add(new(folder.FullName, TestMessage.IdOf(octets), Text(message.Flags!.Value), TestMessage.Digest(octets)));
            }
        }

        await client.DisconnectAsync(quit: true);
        return copies;
    }

    /// <summary>The folders that can be selected.</summary>
    public static async Task<IReadOnlyList<IMailFolder>> FoldersAsync(ImapClient client) =>
        [.. (await client.GetFoldersAsync(client.PersonalNamespaces[0])).Where(f => !f.Attributes.HasFlag(FolderAttributes.NoSelect) && f.Exists)];

    public static async Task<byte[]> OctetsAsync(IMailFolder folder, UniqueId uid)
    {
        await using var stream = await folder.GetStreamAsync(uid, "");
        using var octets = new MemoryStream();
        await stream.CopyToAsync(octets);
        return octets.ToArray();
    }

    public static string Text(MessageFlags flags) => string.Concat(Letters.Where(l => flags.HasFlag(l.Flag)).Select(l => l.Letter));

    /// <summary>The same of flags as IMAP writes them, separated by spaces; keywords and \Recent are left out.</summary>
    public static string Text(string flags) => Text(flags.Split(' ').Aggregate(MessageFlags.None, (sum, flag) => sum | flag switch
    {
        "\\Seen" => MessageFlags.Seen,
        "\\Answered" => MessageFlags.Answered,
        "\\Flagged" => MessageFlags.Flagged,
        "\\Draft" => MessageFlags.Draft,
        "\\Deleted" => MessageFlags.Deleted,
        _ => MessageFlags.None,
    }));

    /// <summary>What one side has and the other has not, each copy counted; empty when they agree.</summary>
    public static string Differences(IEnumerable<MessageCopy> server, IEnumerable<MessageCopy> client)
    {
        var counts = new Dictionary<MessageCopy, int>();
        foreach (var copy in server)
        {
            counts[copy] = counts.GetValueOrDefault(copy) + 1;
        }

        foreach (var copy in client)
        {
            counts[copy] = counts.GetValueOrDefault(copy) - 1;
        }

        return string.Join('\n', counts.Where(c => c.Value != 0).Select(c => $"{(c.Value > 0 ? "server" : "client")} {Math.Abs(c.Value)} more of {c.Key}").Order(StringComparer.Ordinal));
    }
}
