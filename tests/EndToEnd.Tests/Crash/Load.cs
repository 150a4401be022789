using System.Globalization;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// The clients of a run, with what each of them knows of what it was promised: senders to twenty mailboxes, and, where asked for, IMAP clients that change some of these and POP3 clients
/// that delete from them. Where and when they run is the run's affair.
/// </summary>
internal sealed class Load
{
    public const int Mailboxes = 20;
    public const string Password = "crash-password";
    private const int SendersAtOnce = 6;

    private readonly Dictionary<(int Mailbox, uint Uid), string> uids = [];
    private int uidsReused;

    public Load(bool imap, bool pop3)
    {
        Senders = [.. Enumerable.Range(0, SendersAtOnce).Select(i => new Sender(Mailboxes, Ledger, seed: i))];

        // Two in the mailbox that gets every message, and two more.
        Changers = imap ? [.. new[] { 1, 1, 2, 3 }.Select((mailbox, i) => new ImapChanger(Address(mailbox), Password, $"Changer{i}", seed: i))] : [];

        // A maildrop has one session at a time: each client has one of its own.
        Retrievers = pop3 ? [.. new[] { 1, 2, 4 }.Select(mailbox => new Pop3Retriever(mailbox, Address(mailbox), Password, Ledger, seed: mailbox))] : [];
    }

    public static IEnumerable<(string Address, string Password)> Accounts => Enumerable.Range(1, Mailboxes).Select(mailbox => (Address(mailbox), Password));

    public Ledger Ledger { get; } = new();

    public IReadOnlyList<Sender> Senders { get; }

    public IReadOnlyList<ImapChanger> Changers { get; }

    public IReadOnlyList<Pop3Retriever> Retrievers { get; }

    public IEnumerable<string> Violations => Changers.SelectMany(c => c.Violations).Concat(Retrievers.SelectMany(r => r.Violations));

    public static string Address(int mailbox) => string.Create(CultureInfo.InvariantCulture, $"user{mailbox}@example.test");

    /// <summary>The ids in a mailbox; a UID that stands for two messages, or once stood for another, is counted.</summary>
    public async Task<IReadOnlyList<string>> CheckUidsAsync(int port, int mailbox, CancellationToken stop)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", port, SecureSocketOptions.None, stop);
        await client.AuthenticateAsync(Address(mailbox), Password, stop);
        await client.Inbox!.OpenAsync(FolderAccess.ReadOnly, stop);
        var messages = client.Inbox!.Count == 0 ? [] : await client.Inbox.FetchAsync(0, -1, new FetchRequest(MessageSummaryItems.UniqueId, ["X-Test-Id"]), stop);
        await client.DisconnectAsync(quit: true, stop);
        lock (uids)
        {
            foreach (var message in messages)
            {
                var id = message.Headers!["X-Test-Id"] ?? "none";
                var key = (mailbox, message.UniqueId.Id);
                uidsReused += uids.TryGetValue(key, out var known) && known != id ? 1 : 0;
                uids[key] = id;
            }
        }

        return [.. messages.Select(m => m.Headers!["X-Test-Id"] ?? "none")];
    }

    /// <summary>What was promised and what the mailboxes hold, given as ids by mailbox. The clients have compared their own before.</summary>
    public CrashCounts Count(IReadOnlyDictionary<int, IReadOnlyList<string>> mailboxes) => Ledger.Count(mailboxes) with
    {
        UidsReused = uidsReused,
        Changed = Changers.Sum(c => c.Confirmed),
        ChangesInDoubt = Changers.Sum(c => c.Doubtful),
        Broken = Changers.Sum(c => c.Violations.Count),
        DeletedByPop3 = Retrievers.Sum(r => r.Removed),
        QuitsInDoubt = Retrievers.Sum(r => r.Unanswered),
        QuitsInDoubtDone = Retrievers.Sum(r => r.UnansweredDone),
        SessionsBrokenOff = Retrievers.Sum(r => r.BrokenOff),
        Pop3Broken = Retrievers.Sum(r => r.Violations.Count),
    };
}
