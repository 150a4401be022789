using System.Globalization;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>
/// A MailKit client with QRESYNC (RFC 7162) that is away while others change the account at random. What it knew, and what it is told when it comes back, must be what a new session finds,
/// where only messages that are new to it are asked for.
/// </summary>
[Collection(ClientCollection.Name)]
public sealed class QuickResyncTests(ClientServer server, ITestOutputHelper output)
{
    private static readonly int Seed = Environment.TickCount;

    private static int Rounds => 10 * TwoWaySync.Rounds;

    [Fact]
    public async Task What_it_kept_and_what_it_is_told_is_the_truth()
    {
        output.WriteLine($"seed {Seed}");
        var user = await server.NewAccountAsync();
        var random = new Random(Seed);
        await using var changer = new AccountChanger(server, user, new Random(Seed + 1));
        await changer.StartAsync();
        var caches = AccountChanger.Lasting.ToDictionary(f => f, _ => new FolderCache());
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = random.Next(1, 15); i > 0; i--)
            {
                await changer.ChangeAsync();
            }

            using var wire = new MemoryStream();
            using var log = new ProtocolLogger(wire, leaveOpen: true);
            try
            {
                await VisitAsync(user, caches, changer, random, log);
            }
            catch
            {
                output.WriteLine($"round {round}:\n{Encoding.UTF8.GetString(wire.ToArray())}");
                throw;
            }
        }

        output.WriteLine($"{Rounds} rounds, {changer.Changes} changes, {caches.Values.Sum(c => c.Vanished)} messages vanished, {caches.Values.Sum(c => c.Flagged)} flag changes heard");
    }

    /// <summary>Comes back, opens each folder for a while, in which others go on, and leaves again.</summary>
    private async Task VisitAsync(string user, Dictionary<string, FolderCache> caches, AccountChanger changer, Random random, ProtocolLogger log)
    {
        using var client = await server.ConnectAsync(user, log: log);
        await client.EnableQuickResyncAsync();
        foreach (var (name, cache) in caches)
        {
            await cache.OpenAsync(await client.GetFolderAsync(name));
            for (var i = random.Next(0, 4); i > 0; i--)
            {
                await changer.ChangeAsync();
            }

            await cache.LeaveAsync(client);
            var truth = await TruthAsync(user, name);
            Assert.True(cache.Text == truth, $"seed {Seed}, {name}:\nkept {cache.Text}\ntrue {truth}");
        }

        await client.DisconnectAsync(quit: true);
    }

    private async Task<string> TruthAsync(string user, string name)
    {
        using var client = await server.ConnectAsync(user);
        var folder = await client.GetFolderAsync(name);
        await folder.OpenAsync(FolderAccess.ReadOnly);
        var messages = folder.Count == 0 ? [] : await folder.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.ModSeq);
        await client.DisconnectAsync(quit: true);
        return FolderCache.Write(messages.Select(m => (m.UniqueId.Id, FolderCache.Flags(m.Flags!.Value, m.Keywords), m.ModSeq!.Value)));
    }
}

/// <summary>What a client keeps of a folder while it is away.</summary>
internal sealed class FolderCache
{
    private readonly SortedDictionary<uint, (string Flags, ulong ModSeq)> messages = [];
    private IMailFolder? folder;
    private uint uidValidity;
    private ulong highestModSeq;

    public int Vanished { get; private set; }

    public int Flagged { get; private set; }

    public string Text => Write(messages.Select(m => (m.Key, m.Value.Flags, m.Value.ModSeq)));

    /// <summary>Opens the folder with what is known, and takes in what the server says of the time since (RFC 7162 §3.2.5).</summary>
    public async Task OpenAsync(IMailFolder opened)
    {
        folder = opened;
        folder.MessageFlagsChanged += OnFlags;
        folder.MessagesVanished += OnVanished;

        // RFC 7162 §7: neither of the two is ever 0; who knows nothing yet says nothing.
        await (uidValidity == 0
            ? folder.OpenAsync(FolderAccess.ReadOnly)
            : folder.OpenAsync(FolderAccess.ReadOnly, uidValidity, highestModSeq, [.. messages.Keys.Select(uid => new UniqueId(uid))]));
        if (folder.UidValidity != uidValidity)
        {
            Assert.Equal(0u, uidValidity);
            uidValidity = folder.UidValidity;
            foreach (var message in folder.Count == 0 ? [] : await folder.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.ModSeq))
            {
                messages[message.UniqueId.Id] = (Flags(message.Flags!.Value, message.Keywords), message.ModSeq!.Value);
            }
        }

        Assert.True(folder.HighestModSeq >= highestModSeq, $"HIGHESTMODSEQ fell from {highestModSeq} to {folder.HighestModSeq}");
        highestModSeq = folder.HighestModSeq;
    }

    /// <summary>Hears what happened since it opened the folder, asks for messages that it was only given the number of, and leaves.</summary>
    public async Task LeaveAsync(ImapClient client)
    {
        await client.NoOpAsync();
        while (messages.Count < folder!.Count)
        {
            var known = messages.Count == 0 ? 0 : messages.Keys.Last();
            foreach (var message in await folder.FetchAsync(new UniqueIdRange(new UniqueId(known + 1), UniqueId.MaxValue), MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.ModSeq))
            {
                messages[message.UniqueId.Id] = (Flags(message.Flags!.Value, message.Keywords), message.ModSeq!.Value);
            }

            Assert.True(messages.Count >= folder.Count, $"the folder has {folder.Count} messages, and only {Text} is known");
        }

        // All that it was told is complete up to here, once a command has ended (RFC 7162 §3.1.2.2).
        highestModSeq = Math.Max(highestModSeq, folder.HighestModSeq);
        folder.MessageFlagsChanged -= OnFlags;
        folder.MessagesVanished -= OnVanished;
    }

    public static string Flags(MessageFlags flags, IEnumerable<string>? keywords) =>
        AccountContents.Text(flags) + string.Concat((keywords ?? []).Order(StringComparer.Ordinal).Select(k => " " + k));

    public static string Write(IEnumerable<(uint Uid, string Flags, ulong ModSeq)> messages) =>
        string.Join("; ", messages.OrderBy(m => m.Uid).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Uid} {m.Flags} {m.ModSeq}")));

    private void OnFlags(object? sender, MessageFlagsChangedEventArgs changed)
    {
        // RFC 7162 §3.2.5.2: the server tells of the messages that the client knows; what is new it asks for.
        if (changed is { UniqueId: { } uid, ModSeq: { } modSeq } && messages.ContainsKey(uid.Id))
        {
            messages[uid.Id] = (Flags(changed.Flags, changed.Keywords), modSeq);
            Flagged++;
        }
    }

    private void OnVanished(object? sender, MessagesVanishedEventArgs vanished)
    {
        foreach (var uid in vanished.UniqueIds)
        {
            Vanished += messages.Remove(uid.Id) ? 1 : 0;
        }
    }
}
