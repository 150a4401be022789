using System.Globalization;
using MailKit;
using MailKit.Net.Imap;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>
/// Other clients of an account: two MailKit sessions in turn, which change it at random. It knows where each of its messages must be, as no one else moves or removes these; flags it changes on any message.
/// </summary>
internal sealed class AccountChanger(ClientServer server, string user, Random random) : IAsyncDisposable
{
    private static readonly MessageFlags[] SystemFlags = [MessageFlags.Seen, MessageFlags.Answered, MessageFlags.Flagged, MessageFlags.Draft];

    private readonly Dictionary<string, Dictionary<UniqueId, string>> folders = new() { ["INBOX"] = [] };
    private readonly List<ImapClient> sessions = [];
    private int messages;
    private int made;

    /// <summary>Folders that stay; those that it makes itself are renamed and deleted too, and a name is never used again.</summary>
    public static readonly string[] Lasting = ["INBOX", "中文夹", "中文夹/项目"];

    /// <summary>Deleting and renaming folders, which not every client can follow.</summary>
    public bool ChangesNames { get; init; } = true;

    /// <summary>What it has done, counted.</summary>
    public int Changes { get; private set; }

    /// <summary>The octets of each message that it made, by id: see <see cref="TestMessage.Digest"/>.</summary>
    public Dictionary<string, string> Digests { get; } = [];

    /// <summary>Names that stood for a folder and do no more.</summary>
    public HashSet<string> GoneNames { get; } = [];

    /// <summary>Its messages: folder and id of each copy.</summary>
    public IEnumerable<(string Folder, string Id)> Copies => folders.SelectMany(f => f.Value.Values.Select(id => (f.Key, id)));

    /// <summary>Logs in, makes the folders that last, and puts some mail into each.</summary>
    public async Task StartAsync()
    {
        sessions.Add(await server.ConnectAsync(user));
        sessions.Add(await server.ConnectAsync(user));
        foreach (var folder in Lasting.Skip(1))
        {
            await CreateAsync(sessions[0], folder);
        }

        foreach (var folder in Lasting)
        {
            for (var i = 0; i < 3; i++)
            {
                await AppendAsync(sessions[0], folder);
            }
        }
    }

    /// <summary>One change.</summary>
    public async Task ChangeAsync()
    {
        var session = sessions[random.Next(sessions.Count)];
        var folder = Any(folders.Keys);
        await (random.Next(100) switch
        {
            < 30 => AppendAsync(session, folder),
            < 60 => FlagAsync(session, folder),
            < 72 => MoveAsync(session, folder),
            < 80 => CopyAsync(session, folder),
            < 93 => ExpungeAsync(session, folder),
            < 97 => CreateAsync(session, NewName()),
            < 99 when ChangesNames => RenameAsync(session),
            _ when ChangesNames => DeleteAsync(session),
            _ => AppendAsync(session, folder),
        });
        Changes++;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in sessions)
        {
            await session.DisconnectAsync(quit: true);
            session.Dispose();
        }
    }

    private async Task AppendAsync(ImapClient session, string folder)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"R{messages++}");
        var octets = TestMessage.Create(id, random);
        Digests[id] = TestMessage.Digest(octets);
        using var stream = new MemoryStream(octets);
        using var message = await MimeMessage.LoadAsync(stream);
        var flags = SystemFlags.Where(_ => random.Next(4) == 0).Aggregate(MessageFlags.None, (all, flag) => all | flag);
        var uid = await (await session.GetFolderAsync(folder)).AppendAsync(new AppendRequest(message, flags));
        Assert.True(uid.HasValue, $"no APPENDUID for {id}");
        Assert.True(folders[folder].TryAdd(uid.Value, id), $"UID {uid} of {folder} was given to {id} and to {folders[folder][uid.Value]}");
    }

    private async Task FlagAsync(ImapClient session, string name)
    {
        var folder = await OpenAsync(session, name);
        var all = await folder.SearchAsync(MailKit.Search.SearchQuery.All);
        if (all.Count == 0)
        {
            return;
        }

        var flags = SystemFlags.Where(_ => random.Next(3) == 0).Aggregate(MessageFlags.None, (sum, flag) => sum | flag);
        string[] keywords = random.Next(4) == 0 ? ["$Label1", "Later"] : [];
        var action = Any([StoreAction.Add, StoreAction.Remove, StoreAction.Set]);
        await folder.StoreAsync(Some(all), new StoreFlagsRequest(action, flags, keywords) { Silent = random.Next(2) == 0 });
    }

    private async Task MoveAsync(ImapClient session, string name)
    {
        var (own, to) = (Some(folders[name].Keys), Any(folders.Keys));
        if (own.Count == 0 || to == name)
        {
            return;
        }

        var folder = await OpenAsync(session, name);
        Arrived(name, to, own, await folder.MoveToAsync(own, await session.GetFolderAsync(to)));
        Forget(name, own);
    }

    private async Task CopyAsync(ImapClient session, string name)
    {
        var (own, to) = (Some(folders[name].Keys), Any(folders.Keys));
        if (own.Count > 0)
        {
            var folder = await OpenAsync(session, name);
            Arrived(name, to, own, await folder.CopyToAsync(own, await session.GetFolderAsync(to)));
        }
    }

    private void Arrived(string from, string to, IList<UniqueId> uids, UniqueIdMap? map)
    {
        Assert.True(map is not null && map.Source.Order().SequenceEqual(uids.Order()), $"COPYUID for {string.Join(',', uids)} of {from} was {string.Join(',', map?.Source ?? [])} {string.Join(',', map?.Destination ?? [])}");
        foreach (var (source, destination) in map!)
        {
            Assert.True(folders[to].TryAdd(destination, folders[from][source]), $"UID {destination} of {to} was given twice");
        }
    }

    private async Task ExpungeAsync(ImapClient session, string name)
    {
        if (Some(folders[name].Keys) is not { Count: > 0 } own)
        {
            return;
        }

        var folder = await OpenAsync(session, name);
        await folder.StoreAsync(own, new StoreFlagsRequest(StoreAction.Add, MessageFlags.Deleted) { Silent = true });
        await folder.ExpungeAsync(own);
        Forget(name, own);
    }

    private async Task CreateAsync(ImapClient session, string name)
    {
        var parent = session.GetFolder(session.PersonalNamespaces[0]);
        foreach (var level in name.Split('/').SkipLast(1))
        {
            parent = (await parent.GetSubfolderAsync(level))!;
        }

        var folder = await parent.CreateAsync(name.Split('/')[^1], isMessageFolder: true);
        Assert.Equal(name, folder!.FullName);
        await folder.SubscribeAsync();
        folders[name] = [];
    }

    private async Task RenameAsync(ImapClient session)
    {
        if (Made() is not { } name)
        {
            return;
        }

        var to = NewName();
        await LeaveAsync(name);
        await (await session.GetFolderAsync(name)).RenameAsync(session.GetFolder(session.PersonalNamespaces[0]), to);
        folders.Remove(name, out var moved);
        folders[to] = moved!;
        GoneNames.Add(name);
    }

    private async Task DeleteAsync(ImapClient session)
    {
        if (Made() is { } name)
        {
            await LeaveAsync(name);
            await (await session.GetFolderAsync(name)).DeleteAsync();
            folders.Remove(name);
            GoneNames.Add(name);
        }
    }

    /// <summary>A server may end a session whose folder goes.</summary>
    private async Task LeaveAsync(string name)
    {
        foreach (var session in sessions)
        {
            if (await session.GetFolderAsync(name) is { IsOpen: true } folder)
            {
                await folder.CloseAsync(expunge: false);
            }
        }
    }

    private static async Task<IMailFolder> OpenAsync(ImapClient session, string name)
    {
        var folder = await session.GetFolderAsync(name);
        if (folder is { IsOpen: true, Access: FolderAccess.ReadWrite })
        {
            // Of messages that came by the other session it must have heard, to name them.
            await session.NoOpAsync();
            return folder;
        }

        await folder.OpenAsync(FolderAccess.ReadWrite);
        return folder;
    }

    private void Forget(string folder, IEnumerable<UniqueId> uids)
    {
        foreach (var uid in uids)
        {
            folders[folder].Remove(uid);
        }
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"{Any(["Made", "新建"])} {made++}");

    private string? Made() => folders.Keys.Except(Lasting).ToArray() is { Length: > 0 } some ? Any(some) : null;

    private T Any<T>(IReadOnlyCollection<T> from) => from.ElementAt(random.Next(from.Count));

    private List<UniqueId> Some(IEnumerable<UniqueId> from)
    {
        var all = from.Order().ToArray();
        return [.. all.Where(_ => random.Next(all.Length) < 3)];
    }
}
