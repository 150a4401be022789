using System.Diagnostics;
using System.Net;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.RelayLimits;

namespace MailCloud.Benchmarks.TenantShare;

/// <summary>Clients of one tenant: IMAP sessions, each with an account of its own, and senders by SMTP. With a pause of none each does the next as soon as it has its answer.</summary>
internal sealed class TenantLoad(string domain, IPEndPoint imap, int smtpPort, int sessions, TimeSpan pause)
{
    /// <summary>In each INBOX at first; mail that comes later is not looked at, so that no round costs more than the one before.</summary>
    public const int Messages = 50;

    private const int MessageBytes = 4096;
    private readonly Lock gate = new();

    public List<Latencies> Commands { get; } = [];

    public List<Latencies> Mail { get; } = [];

    /// <summary>Works until a Stopwatch timestamp.</summary>
    public Task RunAsync(long until, CancellationToken cancellationToken) => Task.WhenAll(
        LoadThreads.RunAsync(sessions, client => Read(client, until)),
        Task.WhenAll(Enumerable.Range(0, sessions).Select(client => SendAsync(client, until, cancellationToken))));

    private void Read(int client, long until)
    {
        using var connection = ImapConnection.Open(imap, tls: false);
        connection.LogIn($"user{client}@{domain}");
        connection.Select("INBOX");
        connection.Command($"UID SEARCH UID 1:{Messages}");
        var (random, taken, uids) = (new Random(client), new Latencies(), connection.Found.ToArray());
        while (Stopwatch.GetTimestamp() < until)
        {
            Thread.Sleep(pause);
            var (start, one) = (Stopwatch.GetTimestamp(), uids[random.Next(uids.Length)]);
            switch (random.Next(5))
            {
                case 0:
                    connection.Command($"NOOP");
                    break;
                case 1:
                    connection.Command($"UID FETCH 1:{Messages} (UID FLAGS)");
                    break;
                case 2:
                    connection.Command($"UID FETCH {one} (UID FLAGS BODY.PEEK[])");
                    break;
                case 3:
                    connection.Command($"UID STORE {one} {(random.Next(2) == 0 ? '+' : '-')}FLAGS (\\Flagged)");
                    break;
                default:
                    connection.Command($"STATUS INBOX (MESSAGES UNSEEN UIDNEXT)");
                    break;
            }

            taken.Add(start);
        }

        Add(Commands, taken);
    }

    private async Task SendAsync(int client, long until, CancellationToken cancellationToken)
    {
        await using var smtp = await SmtpDialog.OpenAsync(smtpPort, cancellationToken);
        var taken = new Latencies();
        var body = new string('x', 76) + "\r\n";
        var message = $"From: <load@sender.example>\r\nSubject: load\r\n\r\n{string.Concat(Enumerable.Repeat(body, MessageBytes / body.Length))}";
        while (Stopwatch.GetTimestamp() < until)
        {
            await Task.Delay(pause, cancellationToken);
            var start = Stopwatch.GetTimestamp();
            if (await smtp.TrySendAsync("load@sender.example", $"user{client}@{domain}", message, cancellationToken))
            {
                taken.Add(start);
            }
        }

        Add(Mail, taken);
    }

    private void Add(List<Latencies> all, Latencies taken)
    {
        lock (gate)
        {
            all.Add(taken);
        }
    }
}
