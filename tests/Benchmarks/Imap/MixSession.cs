using System.Diagnostics;
using System.Net;

namespace MailCloud.Benchmarks.Imap;

/// <summary>One client with an account of its own: connects, works on INBOX, and connects again. Its choices follow from its number alone, so every server gets the same.</summary>
internal sealed class MixSession(IPEndPoint server, int user)
{
    private const int FlagsAtOnce = 50;
    private const int HeadersAtOnce = 10;
    private const int MessageBytes = 4096;
    private readonly Random random = new(user);
    private int lastMessage;

    public static int Kinds { get; } = Enum.GetValues<MixCommand>().Length;

    /// <summary>Commands answered in the run, by kind, and the time they took in Stopwatch ticks.</summary>
    public long[] Counts { get; private set; } = new long[Kinds];

    public long[] Ticks { get; private set; } = new long[Kinds];

    /// <summary>Works until a Stopwatch timestamp; counts from anew.</summary>
    public void Run(long until)
    {
        Counts = new long[Kinds];
        Ticks = new long[Kinds];
        while (Stopwatch.GetTimestamp() < until)
        {
            var start = Stopwatch.GetTimestamp();
            using var connection = ImapConnection.Open(server, tls: false);
            connection.LogIn(user);
            Count(MixCommand.Login, start);

            start = Stopwatch.GetTimestamp();
            connection.Select("INBOX");
            Count(MixCommand.Select, start);
            Timed(MixCommand.Search, connection.LearnUids);
            for (var step = 0; step < Mix.StepsPerConnection && Stopwatch.GetTimestamp() < until; step++)
            {
                Step(connection, Mix.Choose(random));
            }

            start = Stopwatch.GetTimestamp();
            connection.Command($"LOGOUT");
            Count(MixCommand.Logout, start);
        }
    }

    private void Step(ImapConnection connection, MixCommand command)
    {
        if (command == MixCommand.Expunge)
        {
            var deleted = Any(connection.Uids);
            Timed(MixCommand.Store, () => connection.Command($"UID STORE {deleted} +FLAGS.SILENT (\\Deleted)"));
        }
        Timed(command, () => Run(connection, command));
    }

    private void Run(ImapConnection connection, MixCommand command)
    {
        var uids = connection.Uids;
        var one = Any(uids);
        switch (command)
        {
            case MixCommand.FetchFlags:
                Fetch(connection, FlagsAtOnce, "(UID FLAGS)");
                break;
            case MixCommand.FetchHeaders when random.Next(2) == 0:
                Fetch(connection, HeadersAtOnce, "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)");
                break;
            case MixCommand.FetchHeaders:
                Fetch(connection, HeadersAtOnce, "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO SUBJECT MESSAGE-ID)])");
                break;
            case MixCommand.FetchBody:
                Fetch(connection, 1, "(UID FLAGS BODY.PEEK[])");
                break;
            case MixCommand.Store:
                connection.Command($"UID STORE {one} {(random.Next(2) == 0 ? '+' : '-')}FLAGS ({(random.Next(2) == 0 ? "\\Seen" : "\\Flagged")})");
                break;
            case MixCommand.Append:
                connection.Append("INBOX", SampleMail.Plain((user << 20) + lastMessage++, MessageBytes));
                break;
            case MixCommand.Copy:
                connection.Command($"UID COPY {one} Archive");
                break;
            case MixCommand.Move:
                connection.Command($"UID MOVE {one} Archive");
                break;
            case MixCommand.Expunge:
                connection.Command($"EXPUNGE");
                break;
            case MixCommand.Noop:
                connection.Command($"NOOP");
                break;
            case MixCommand.Status:
                connection.Command($"STATUS Archive (MESSAGES UNSEEN UIDNEXT)");
                break;
            case MixCommand.Search when random.Next(2) == 0:
                connection.Command($"UID SEARCH UNSEEN");
                break;
            case MixCommand.Search:
                connection.Command($"UID SEARCH FROM \"Sender {random.Next(97)}\"");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(command), command, "is no step");
        }
    }

    /// <summary>Fetches neighbours, and wants an answer for each of them.</summary>
    private void Fetch(ImapConnection connection, int count, string items)
    {
        var uids = connection.Uids;
        count = Math.Min(count, uids.Count);
        var first = random.Next(uids.Count - count + 1);
        connection.Command($"UID FETCH {uids[first]}:{uids[first + count - 1]} {items}");
        if (connection.Fetched < count)
        {
            throw new UnexpectedAnswerException($"FETCH answered {connection.Fetched} of {count}");
        }
    }

    private uint Any(List<uint> uids) => uids[random.Next(uids.Count)];

    private void Timed(MixCommand command, Action run)
    {
        var start = Stopwatch.GetTimestamp();
        run();
        Count(command, start);
    }

    private void Count(MixCommand command, long start)
    {
        Counts[(int)command]++;
        Ticks[(int)command] += Stopwatch.GetTimestamp() - start;
    }
}
