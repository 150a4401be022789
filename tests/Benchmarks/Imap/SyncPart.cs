using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>What a client does that sees a large folder for the first time: flags of all, headers of all, then all bodies. One client, one command at a time.</summary>
internal static class SyncPart
{
    private const int Fillers = 4;
    private const int HeaderBatch = 1000;
    private const int BodyBatch = 100;

    /// <summary>Fills INBOX of user 0; a folder is filled by several connections.</summary>
    public static Task FillAsync(IMeasuredImapServer server, int messages) => LoadThreads.RunAsync(Fillers, filler =>
    {
        using var connection = ImapConnection.Open(server.Imap, tls: false);
        connection.LogIn(0);
        for (var i = filler; i < messages; i += Fillers)
        {
            connection.Append("INBOX", SampleMail.Mixed(i));
        }
    });

    /// <summary>Measures; <paramref name="turn"/> names the row: the first after the server's start, or a later one.</summary>
    public static void Run(IMeasuredImapServer server, string name, int messages, string turn, Figures figures)
    {
        using var connection = ImapConnection.Open(server.Imap, tls: false);
        connection.LogIn(0);
        var before = server.Processes.Usage();
        var whole = Stopwatch.GetTimestamp();
        Timed("SELECT", () =>
        {
            if (connection.Select("INBOX") != messages)
            {
                throw new UnexpectedAnswerException($"INBOX does not hold its {messages} messages");
            }
        });
        Timed("UID FETCH 1:* (FLAGS)", () =>
        {
            connection.LearnUids();
            connection.Command($"UID FETCH 1:* (FLAGS)");
            Check(messages);
        });
        Timed("envelopes and structures", () => Batches(HeaderBatch, "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"));
        Timed("headers", () => Batches(HeaderBatch, "(UID BODY.PEEK[HEADER])"));
        long octets = 0;
        Timed("bodies", () => octets = Batches(BodyBatch, "(UID BODY.PEEK[])"));
        var seconds = Stopwatch.GetElapsedTime(whole).TotalSeconds;
        figures.Add(name, $"{turn}: all, s", seconds, "F2");
        figures.Add(name, $"{turn}: server CPU, s", server.Processes.Usage().CpuSeconds - before.CpuSeconds, "F2");
        var sent = Enumerable.Range(0, messages).Sum(i => (long)SampleMail.Mixed(i).Length);
        if (octets < sent)
        {
            throw new UnexpectedAnswerException($"bodies of {octets} octets came, {sent} were stored");
        }

        void Timed(string row, Action run)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            figures.Add(name, $"{turn}: {row}, s", Stopwatch.GetElapsedTime(start).TotalSeconds, "F3");
        }

        void Check(int expected)
        {
            if (connection.Fetched != expected)
            {
                throw new UnexpectedAnswerException($"FETCH answered {connection.Fetched} of {expected}");
            }
        }

        long Batches(int size, string items)
        {
            long all = 0;
            foreach (var batch in connection.Uids.Chunk(size))
            {
                connection.Command($"UID FETCH {batch[0]}:{batch[^1]} {items}");
                Check(batch.Length);
                all += connection.LiteralOctets;
            }
            return all;
        }
    }
}
