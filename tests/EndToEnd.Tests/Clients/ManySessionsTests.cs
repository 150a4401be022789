using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailKit;
using MailKit.Net.Imap;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>
/// Ten sessions on one folder at once, half of them MailKit's, half of them raw so that no response is forgiven. Each keeps a view from what it is told alone; in the end all views are what a new session finds.
/// Messages with an odd UID are never deleted, only moved: each is in one of both folders.
/// </summary>
[Collection(ClientCollection.Name)]
public sealed partial class ManySessionsTests(ClientServer server, ITestOutputHelper output)
{
    private const string Other = "Archive";

    private static readonly int Seed = Environment.TickCount;

    private static int Steps => 10 * TwoWaySync.Rounds;

    [Fact]
    public async Task Ten_sessions_on_one_folder_agree()
    {
        output.WriteLine($"seed {Seed}");
        var user = await server.NewAccountAsync();
        var appended = new ConcurrentDictionary<uint, string>();
        var sessions = new List<IWatchingSession>();
        for (var i = 0; i < 5; i++)
        {
            sessions.Add(await RawSession.OpenAsync(server, user, new Random(Seed + i), $"raw{i}", appended));
            sessions.Add(await MailKitSession.OpenAsync(server, user, new Random(Seed + 100 + i), $"kit{i}", appended));
        }

        await Task.WhenAll(sessions.Select(PlayAsync));

        var truth = await ReadAsync(user, "INBOX");
        foreach (var session in sessions)
        {
            var view = await session.SettleAsync();
            Assert.True(view == View(truth), $"seed {Seed}, {session.Name}:\nsees {view}\ntrue {View(truth)}\n{session.Heard}");
        }

        var places = truth.Concat(await ReadAsync(user, Other)).Select(m => m.Id).ToLookup(id => id);
        Assert.Empty(places.Where(p => p.Count() > 1).Select(p => $"{p.Key} is there {p.Count()} times"));
        Assert.Empty(appended.Where(a => a.Key % 2 == 1 && !places.Contains(a.Value)).Select(a => $"{a.Value}, UID {a.Key}, is gone"));
        output.WriteLine($"{sessions.Count} sessions, {sessions.Count * Steps} steps, {appended.Count} messages appended, {truth.Count} left in INBOX");
        foreach (var session in sessions)
        {
            session.Dispose();
        }
    }

    private static async Task PlayAsync(IWatchingSession session)
    {
        for (var step = 0; step < Steps; step++)
        {
            await session.StepAsync();
        }
    }

    private async Task<IReadOnlyList<(uint Uid, string Flags, string Id)>> ReadAsync(string user, string name)
    {
        using var client = await server.ConnectAsync(user);
        var folder = await client.GetFolderAsync(name);
        await folder.OpenAsync(FolderAccess.ReadOnly);
        var messages = folder.Count == 0 ? [] : await folder.FetchAsync(0, -1, new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.Flags, ["X-Test-Id"]));
        await client.DisconnectAsync(quit: true);
        return [.. messages.Select(m => (m.UniqueId.Id, AccountContents.Text(m.Flags!.Value), m.Headers!["X-Test-Id"] ?? "none"))];
    }

    private static string View(IEnumerable<(uint Uid, string Flags, string Id)> messages) =>
        string.Join("; ", messages.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Uid} {m.Flags}")));

    /// <summary>A session that changes INBOX and keeps account of what it is told.</summary>
    private interface IWatchingSession : IDisposable
    {
        string Name { get; }

        /// <summary>What it was told of late.</summary>
        string Heard { get; }

        Task StepAsync();

        /// <summary>Asks for news and writes its view: UID and flags of each message in order.</summary>
        Task<string> SettleAsync();
    }

    private sealed partial class RawSession(ImapWire wire, Random random, string name, ConcurrentDictionary<uint, string> appended) : IWatchingSession
    {
        private static readonly string[] Flags = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft"];

        private readonly List<(uint Uid, string Flags)> view = [];
        private readonly List<string> heard = [];
        private int made;

        public string Name => name;

        public string Heard => string.Join('\n', heard.TakeLast(80));

        public static async Task<RawSession> OpenAsync(ClientServer server, string user, Random random, string name, ConcurrentDictionary<uint, string> appended)
        {
            var session = new RawSession(await ImapWire.OpenAsync(server.Process.Imap, user, ClientServer.Password, CancellationToken.None), random, name, appended);
            await session.SendAsync("SELECT INBOX");
            return session;
        }

        public async Task StepAsync()
        {
            var number = view.Count == 0 ? 0 : random.Next(view.Count) + 1;
            var uid = number == 0 ? 0 : view[number - 1].Uid;
            var flags = string.Join(' ', Flags.Where(_ => random.Next(3) == 0));
            switch (random.Next(100))
            {
                case < 25:
                    await AppendAsync(flags);
                    break;
                case < 40 when number > 0:
                    var last = random.Next(number, view.Count + 1);
                    await (random.Next(2) == 0
                        ? SendAsync($"STORE {number}:{last} {Any("+", "-")}FLAGS ({flags})", holdsNumbers: true)
                        : AddSilentlyAsync($"STORE {number}:{last}", number, last, flags));
                    break;
                case < 50 when uid > 0:
                    await SendAsync($"UID STORE {uid}:* +FLAGS ({flags})");
                    break;
                case < 60 when uid > 0:
                    await SendAsync($"UID MOVE {uid} {Other}");
                    break;
                case < 68 when uid > 0 && uid % 2 == 0:
                    await AddSilentlyAsync($"UID STORE {uid}", number, number, "\\Deleted");
                    await SendAsync(Any("EXPUNGE", $"UID EXPUNGE {uid}"));
                    break;
                case < 80 when number > 0:
                    await SendAsync($"FETCH {number} (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])", holdsNumbers: true);
                    break;
                case < 90:
                    await SendAsync("SEARCH UNSEEN", holdsNumbers: true);
                    break;
                default:
                    await SendAsync("NOOP");
                    break;
            }
        }

        public async Task<string> SettleAsync()
        {
            await SendAsync("NOOP");
            return string.Join("; ", view.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Uid} {m.Flags}")));
        }

        public void Dispose() => wire.Dispose();

        private async Task AppendAsync(string flags)
        {
            var id = $"{name}-{made++}";
            var answer = await SendAsync($"APPEND INBOX ({flags}) {ImapWire.Literal(Encoding.Latin1.GetString(TestMessage.Create(id, random)))}");
            var uid = uint.Parse(answer.Code("APPENDUID")!.Split(' ')[1], CultureInfo.InvariantCulture);
            Assert.True(appended.TryAdd(uid, id), $"UID {uid} was given twice");
        }

        /// <summary>RFC 3501 §6.4.6: of a silent change a session hears nothing, unless another one was made too.</summary>
        private async Task AddSilentlyAsync(string store, int first, int last, string flags)
        {
            for (var number = first; number <= last; number++)
            {
                view[number - 1] = (view[number - 1].Uid, string.Concat((view[number - 1].Flags + AccountContents.Text(flags)).Distinct().Order()));
            }

            await SendAsync($"{store} +FLAGS.SILENT ({flags})", holdsNumbers: store.StartsWith("STORE", StringComparison.Ordinal));
        }

        private async Task<ImapAnswer> SendAsync(string command, bool holdsNumbers = false)
        {
            var answer = await wire.SendAsync(command, CancellationToken.None);
            Take(command, answer, holdsNumbers);
            if (view.FindIndex(m => m.Uid == 0) is var first and >= 0)
            {
                var fetch = $"FETCH {first + 1}:{view.Count} (UID FLAGS)";
                Take(fetch, await wire.SendAsync(fetch, CancellationToken.None), holdsNumbers: true);
            }

            return answer;
        }

        private void Take(string command, ImapAnswer answer, bool holdsNumbers)
        {
            heard.Add("C " + command.Split('\r')[0]);
            heard.AddRange(answer.Untagged.Select(u => "S " + u));
            heard.Add($"S {answer.Status} {answer.Text}");

            // A message may have gone before the command came; but the command was right.
            Assert.True(answer.Ok || (answer.Status == "NO" && !command.StartsWith("APPEND", StringComparison.Ordinal)), Heard);
            foreach (var response in answer.Untagged)
            {
                if (Number().Match(response) is not { Success: true } match)
                {
                    continue;
                }

                var number = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
                switch (match.Groups[2].Value)
                {
                    case "EXISTS":
                        Assert.True(number >= view.Count, $"{number} EXISTS, with {view.Count} in view\n{Heard}");
                        view.AddRange(Enumerable.Repeat((0u, ""), number - view.Count));
                        break;
                    case "EXPUNGE":
                        Assert.True(!holdsNumbers && number <= view.Count, $"{response} within {command}\n{Heard}");
                        view.RemoveAt(number - 1);
                        break;
                    case "FETCH":
                        Assert.True(number <= view.Count, $"{response}, with {view.Count} in view\n{Heard}");
                        view[number - 1] = Read(view[number - 1], response);
                        break;
                }
            }
        }

        private (uint Uid, string Flags) Read((uint Uid, string Flags) known, string response)
        {
            var uid = Uid().Match(response) is { Success: true } u ? uint.Parse(u.Groups[1].Value, CultureInfo.InvariantCulture) : known.Uid;
            Assert.True(known.Uid == 0 || known.Uid == uid, $"UID {known.Uid} is now {uid}\n{Heard}");
            var flags = FlagList().Match(response) is { Success: true } f ? AccountContents.Text(f.Groups[1].Value) : known.Flags;
            return (uid, flags);
        }

        private string Any(string one, string other) => random.Next(2) == 0 ? one : other;

        [GeneratedRegex(@"^(\d+) (EXISTS|EXPUNGE|FETCH)")]
        private static partial Regex Number();

        [GeneratedRegex(@"\bUID (\d+)")]
        private static partial Regex Uid();

        [GeneratedRegex(@"\bFLAGS \(([^)]*)\)")]
        private static partial Regex FlagList();
    }

    private sealed class MailKitSession : IWatchingSession
    {
        private readonly ImapClient client;
        private readonly Random random;
        private readonly ConcurrentDictionary<uint, string> appended;
        private readonly List<(uint Uid, MessageFlags Flags)> view = [];
        private readonly List<string> heard = [];
        private int made;

        private MailKitSession(ImapClient client, Random random, string name, ConcurrentDictionary<uint, string> appended)
        {
            (this.client, this.random, Name, this.appended) = (client, random, name, appended);
            client.Inbox.MessageExpunged += (_, expunged) =>
            {
                heard.Add($"expunged {expunged.Index}");

                // Of a message that it has not asked for yet it keeps nothing.
                if (expunged.Index < view.Count)
                {
                    view.RemoveAt(expunged.Index);
                }
            };
            client.Inbox.MessageFlagsChanged += (_, changed) =>
            {
                heard.Add($"flags {changed.Index} {changed.Flags}");
                if (changed.Index < view.Count)
                {
                    view[changed.Index] = (view[changed.Index].Uid, changed.Flags);
                }
            };
            client.Inbox.CountChanged += (_, _) => heard.Add($"count {client.Inbox.Count}");
        }

        public string Name { get; }

        public string Heard => string.Join('\n', heard.TakeLast(80));

        public static async Task<MailKitSession> OpenAsync(ClientServer server, string user, Random random, string name, ConcurrentDictionary<uint, string> appended)
        {
            var session = new MailKitSession(await server.ConnectAsync(user), random, name, appended);
            await session.client.Inbox.OpenAsync(FolderAccess.ReadWrite);
            await session.CatchUpAsync();
            return session;
        }

        public async Task StepAsync()
        {
            var uid = view.Count == 0 ? UniqueId.Invalid : new UniqueId(view[random.Next(view.Count)].Uid);
            var action = random.Next(100);
            heard.Add($"step {action} {uid}");
            switch (action)
            {
                case < 25:
                    await AppendAsync();
                    break;
                case < 50 when uid.IsValid:
                    var change = new StoreFlagsRequest(random.Next(2) == 0 ? StoreAction.Add : StoreAction.Remove, (MessageFlags)(1 << random.Next(3)));
                    await AllowedAsync(() => client.Inbox.StoreAsync([uid], change));
                    break;
                case < 60 when uid.IsValid:
                    var other = await client.GetFolderAsync(Other);
                    await AllowedAsync(() => client.Inbox.MoveToAsync([uid], other));
                    break;
                case < 68 when uid.IsValid && uid.Id % 2 == 0:
                    await AllowedAsync(() => client.Inbox.StoreAsync([uid], new StoreFlagsRequest(StoreAction.Add, MessageFlags.Deleted)));
                    await client.Inbox.ExpungeAsync([uid]);
                    break;
                case < 75:
                    using (var done = new CancellationTokenSource(random.Next(5, 50)))
                    {
                        await client.IdleAsync(done.Token);
                    }

                    break;
                default:
                    await client.NoOpAsync();
                    break;
            }

            await CatchUpAsync();
        }

        public async Task<string> SettleAsync()
        {
            await client.NoOpAsync();
            await CatchUpAsync();
            return string.Join("; ", view.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Uid} {AccountContents.Text(m.Flags)}")));
        }

        public void Dispose() => client.Dispose();

        private async Task AppendAsync()
        {
            var id = $"{Name}-{made++}";
            using var stream = new MemoryStream(TestMessage.Create(id, random));
            using var message = await MimeMessage.LoadAsync(stream);
            var uid = await client.Inbox.AppendAsync(new AppendRequest(message, MessageFlags.Seen));
            Assert.True(appended.TryAdd(uid!.Value.Id, id), $"UID {uid} was given twice");
        }

        /// <summary>Asks for the messages that it was only given the number of. One that another session has expunged is left out, and its EXPUNGE comes when numbers may change.</summary>
        private async Task CatchUpAsync()
        {
            while (view.Count < client.Inbox.Count)
            {
                var fetched = await AllowedAsync(() => client.Inbox.FetchAsync(view.Count, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags)) ?? [];
                foreach (var message in fetched.OrderBy(m => m.Index))
                {
                    if (message.Index == view.Count)
                    {
                        view.Add((message.UniqueId.Id, message.Flags!.Value));
                    }
                    else if (message.Index < view.Count && message.Flags is { } flags)
                    {
                        // MailKit hands out flags that others have changed meanwhile along with what was asked for.
                        view[message.Index] = (view[message.Index].Uid, flags);
                    }
                }

                if (view.Count < client.Inbox.Count)
                {
                    await client.NoOpAsync();
                }
            }
        }

        /// <summary>A command may be answered NO when another session was faster.</summary>
        private async Task<T?> AllowedAsync<T>(Func<Task<T>> command)
        {
            try
            {
                return await command();
            }
            catch (ImapCommandException refused) when (refused.Response == ImapCommandResponse.No)
            {
                heard.Add($"NO {refused.ResponseText}");
                return default;
            }
        }
    }
}
