using System.Globalization;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// Kills a server at random moments under load from several senders and, with <paramref name="imap"/> and <paramref name="pop3"/>, from IMAP clients that change some of the same mailboxes and POP3 clients
/// that delete from them, again and again on the same data, and counts what its mailboxes hold.
/// </summary>
internal sealed class CrashRun(string project, string[] arguments, int offset, ITestOutputHelper output, bool imap = false, bool pop3 = false) : IDisposable
{
    private const int Mailboxes = 20;
    private const int Senders = 6;
    private const string Password = "crash-password";

    private readonly string data = ServerProcess.NewDataDirectory();
    private readonly Random random = new(20261124);
    private readonly Ledger ledger = new();

    // A maildrop has one session at a time: each client has one of its own.
    private Pop3Retriever[] retrievers = [];

    // Two in the mailbox that gets every message, and two more.
    private readonly ImapChanger[] changers = imap
        ? [.. new[] { 1, 1, 2, 3 }.Select((mailbox, i) => new ImapChanger(Address(mailbox), Password, $"Changer{i}", seed: i))]
        : [];
    private readonly Dictionary<(int Mailbox, uint Uid), string> uids = [];
    private int uidsReused;

    /// <summary>Runs cycles until there are enough, or until what is waited for is seen.</summary>
    public async Task<CrashCounts> RunAsync(int cycles, Func<CrashCounts, bool>? until = null)
    {
        retrievers = pop3 ? [.. new[] { 1, 2, 4 }.Select(mailbox => new Pop3Retriever(mailbox, Address(mailbox), Password, ledger, seed: mailbox))] : [];
        await using (var first = await StartAsync())
        {
            await Accounts.ImportAsync(first, Enumerable.Range(1, Mailboxes).Select(i => (Address(i), Password)));
        }

        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            await CycleAsync();
            if (until is not null && cycle % 3 == 0 && await CountAtRestAsync() is var early && until(early))
            {
                return early;
            }
        }

        return await CountAtRestAsync();
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    /// <summary>After a sweep without a grace, verification finds nothing wrong.</summary>
    public async Task<string> SweepAndVerifyAsync()
    {
        await using var server = await StartAsync();
        await DrainedAsync(server);
        await Upkeep.SweepAsync(server);
        return await Upkeep.VerifyAsync(server);
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(data, offset, project, [.. arguments, .. ServerProcess.NoRateLimits]);

    private async Task CycleAsync()
    {
        await using var server = await StartAsync();
        using var stop = new CancellationTokenSource();
        await Task.WhenAll([.. changers.Select(c => c.CheckAsync(server)), .. retrievers.Select(r => r.CheckAsync(server))]);
        var changes = changers.Select(c => c.RunAsync(server.Imap, stop.Token)).ToArray();
        var senders = Enumerable.Range(0, Senders).Select(i => new Sender(server.Smtp, Mailboxes, ledger, random.Next()).RunAsync(stop.Token)).ToArray();
        await CheckUidsAsync(server, 1 + random.Next(Mailboxes));

        // Not before: nothing must go from a mailbox while it is read.
        var retrievals = retrievers.Select(r => r.RunAsync(server.Pop3, stop.Token)).ToArray();
        await Task.Delay(random.Next(50, 700), CancellationToken.None);
        server.Kill();
        await stop.CancelAsync();
        await Task.WhenAll([.. senders, .. changes, .. retrievals]);
    }

    private async Task<CrashCounts> CountAtRestAsync()
    {
        await using var server = await StartAsync();
        await DrainedAsync(server);
        var mailboxes = new Dictionary<int, IReadOnlyList<string>>();
        for (var mailbox = 1; mailbox <= Mailboxes; mailbox++)
        {
            mailboxes[mailbox] = await CheckUidsAsync(server, mailbox);
        }

        await Task.WhenAll([.. changers.Select(c => c.CheckAsync(server)), .. retrievers.Select(r => r.CheckAsync(server))]);
        var counts = ledger.Count(mailboxes) with
        {
            UidsReused = uidsReused,
            Changed = changers.Sum(c => c.Confirmed),
            ChangesInDoubt = changers.Sum(c => c.Doubtful),
            Broken = changers.Sum(c => c.Violations.Count),
            DeletedByPop3 = retrievers.Sum(r => r.Removed),
            QuitsInDoubt = retrievers.Sum(r => r.Unanswered),
            QuitsInDoubtDone = retrievers.Sum(r => r.UnansweredDone),
            SessionsBrokenOff = retrievers.Sum(r => r.BrokenOff),
            Pop3Broken = retrievers.Sum(r => r.Violations.Count),
        };
        foreach (var violation in changers.SelectMany(c => c.Violations).Concat(retrievers.SelectMany(r => r.Violations)))
        {
            output.WriteLine(violation);
        }

        output.WriteLine(counts.ToString());
        return counts;
    }

    private static string Address(int mailbox) => string.Create(CultureInfo.InvariantCulture, $"user{mailbox}@example.test");

    private static async Task DrainedAsync(ServerProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await Upkeep.QueueDepthAsync(server) > 0)
        {
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>The ids in a mailbox; a UID that once stood for another message is counted.</summary>
    private async Task<IReadOnlyList<string>> CheckUidsAsync(ServerProcess server, int mailbox)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", server.Imap, SecureSocketOptions.None);
        await client.AuthenticateAsync(Address(mailbox), Password);
        await client.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        var messages = client.Inbox!.Count == 0 ? [] : await client.Inbox.FetchAsync(0, -1, new FetchRequest(MessageSummaryItems.UniqueId, ["X-Test-Id"]));
        foreach (var message in messages)
        {
            var id = message.Headers!["X-Test-Id"] ?? "none";
            var key = (mailbox, message.UniqueId.Id);
            uidsReused += uids.TryGetValue(key, out var known) && known != id ? 1 : 0;
            uids[key] = id;
        }

        await client.DisconnectAsync(quit: true);
        return [.. messages.Select(m => m.Headers!["X-Test-Id"] ?? "none")];
    }
}
