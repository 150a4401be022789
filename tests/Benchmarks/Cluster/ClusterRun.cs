using System.Diagnostics;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>
/// One run on a running cluster: warm-up; mail by SMTP over both edges until all of it is filed; then that mail read by IMAP over both edges. Each mailbox must hold what was accepted for it, anything else ends
/// the run.
/// </summary>
/// <param name="filed">What its mailboxes hold from earlier runs in the same folder; this run's is added.</param>
internal sealed class ClusterRun(ClusterServer cluster, string name, ClusterOptions options, MessagePool pool, LoadCounts filed, ClusterFigures figures)
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>Mailboxes that are read in the warm-up.</summary>
    private const int WarmUpReads = 200;

    private readonly SmtpLoad load = new(cluster.Smtp, pool, options.Senders, keepConnections: true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var warmUp = await SendAsync(options.WarmUp, cancellationToken);
        await ReadAsync([.. Mailboxes(warmUp).Take(WarmUpReads)], warmUp);

        var mark = cluster.Mark();
        var start = Stopwatch.GetTimestamp();
        var counts = await SendAsync(options.Load, cancellationToken);
        var drained = Stopwatch.GetElapsedTime(start);
        figures.AddLoad(name, "accepted/s", counts.TotalAccepted / options.Load.TotalSeconds, "F0");
        figures.AddLoad(name, "filed/s, to the end of the backlog", counts.TotalAccepted / drained.TotalSeconds, "F0");
        figures.AddLoad(name, "accept p50, ms", Percentile(0.50), "F1");
        figures.AddLoad(name, "accept p99, ms", Percentile(0.99), "F1");
        figures.AddLoad(name, "refused", counts.Refused, "F0");
        figures.In.Add(name, cluster.Since(mark), counts.TotalAccepted);

        mark = cluster.Mark();
        start = Stopwatch.GetTimestamp();
        var read = await ReadAsync([.. Mailboxes(counts)], counts);
        figures.AddLoad(name, "read/s", read / Stopwatch.GetElapsedTime(start).TotalSeconds, "F0");
        figures.AddLoad(name, "messages read in a session", (double)read / Mailboxes(counts).Count(), "F1");
        figures.Read.Add(name, cluster.Since(mark), read);
        figures.AddMemory(name, cluster);
    }

    private static IEnumerable<int> Mailboxes(LoadCounts counts) => Enumerable.Range(0, counts.Accepted.Length).Where(mailbox => counts.Accepted[mailbox] > 0);

    /// <summary>Sends for a time, and returns when nothing waits any more.</summary>
    private async Task<LoadCounts> SendAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var counts = new LoadCounts(filed.Accepted.Length);
        await load.RunAsync(counts, time);
        if (counts.Refused > 0)
        {
            Console.Error.WriteLine($"  {counts.Refused} refused, first: {counts.FirstRefusal}");
        }

        await DrainAsync(cancellationToken);
        for (var mailbox = 0; mailbox < counts.Accepted.Length; mailbox++)
        {
            filed.Accepted[mailbox] += counts.Accepted[mailbox];
            filed.Doubtful[mailbox] += counts.Doubtful[mailbox];
        }

        return counts;
    }

    /// <summary>An entry that is on its way to a consumer is counted nowhere: it is nothing only when it is nothing twice.</summary>
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DrainLimit);
        for (var nothing = 0; nothing < 2; nothing = await cluster.WaitingAsync(limit.Token) > 0 ? 0 : nothing + 1)
        {
            await Task.Delay(DrainPoll, limit.Token);
        }
    }

    /// <summary>Reads the newest messages of these mailboxes, as many as the counts say, a session for each.</summary>
    /// <returns>Messages read.</returns>
    private async Task<long> ReadAsync(int[] mailboxes, LoadCounts counts)
    {
        var (next, read) = (-1, 0L);
        await LoadThreads.RunAsync(options.Readers, reader =>
        {
            while (Interlocked.Increment(ref next) is var i && i < mailboxes.Length)
            {
                Read(reader, mailboxes[i], counts.Accepted[mailboxes[i]]);
                Interlocked.Add(ref read, counts.Accepted[mailboxes[i]]);
            }
        });
        return read;
    }

    /// <summary>What a client does that comes for new mail: flags and envelopes, then the bodies, which sets \Seen.</summary>
    private void Read(int reader, int mailbox, int newest)
    {
        using var connection = ImapConnection.Open(cluster.Imap[reader % cluster.Imap.Count], tls: false);
        connection.LogIn(mailbox);
        var exists = connection.Select("INBOX");
        if (exists < filed.Accepted[mailbox] || exists > filed.Accepted[mailbox] + filed.Doubtful[mailbox])
        {
            throw new UnexpectedAnswerException($"user{mailbox} holds {exists} messages; {filed.Accepted[mailbox]} were accepted and {filed.Doubtful[mailbox]} are in doubt");
        }

        foreach (var items in new[] { "(UID FLAGS ENVELOPE)", "BODY[]" })
        {
            connection.Command($"FETCH {exists - newest + 1}:{exists} {items}");
            if (connection.Fetched < newest)
            {
                throw new UnexpectedAnswerException($"user{mailbox}: FETCH of {newest} messages gives {connection.Fetched}");
            }
        }

        connection.Command($"LOGOUT");
    }

    private double Percentile(double part) => load.Latencies.Length == 0 ? double.NaN : load.Latencies[(int)(part * (load.Latencies.Length - 1))];
}
