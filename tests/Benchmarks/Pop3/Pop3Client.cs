using System.Diagnostics;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>One client with an account of its own, which remembers by unique-id what it has downloaded.</summary>
internal sealed class Pop3Client(IMeasuredPop3Server server, int user, Pop3Options options)
{
    private HashSet<string> downloaded = [];
    private int appended;
    private int there;

    /// <summary>From connecting to the answer to PASS.</summary>
    public Latencies Logins { get; } = new();

    /// <summary>From RETR to its last octet.</summary>
    public Latencies Retrievals { get; } = new();

    /// <summary>From the first DELE to the answer to QUIT.</summary>
    public Latencies Quits { get; } = new();

    public int Sessions { get; private set; }

    public int Retrieved { get; private set; }

    /// <summary>Counts from anew.</summary>
    public void Reset()
    {
        Logins.Clear();
        Retrievals.Clear();
        Quits.Clear();
        (Sessions, Retrieved) = (0, 0);
    }

    /// <summary>Fills the maildrop up by IMAP.</summary>
    public void Fill()
    {
        using var connection = ImapConnection.Open(server.Imap, tls: false);
        connection.LogIn(user);
        for (; there < options.MessagesPerMaildrop; there++)
        {
            connection.Append("INBOX", SampleMail.Plain((user << 20) + appended++, options.MessageBytes));
        }
    }

    /// <summary>What most sessions are: log in, STAT, UIDL, and nothing that is new.</summary>
    public void Check()
    {
        using var connection = LogIn();
        List(connection);
        connection.Command($"QUIT");
        Sessions++;
    }

    /// <summary>Log in, STAT, UIDL, RETR of what is new, DELE of the older half, QUIT.</summary>
    public void Download()
    {
        using var connection = LogIn();
        var uids = List(connection);
        for (var i = 0; i < uids.Count; i++)
        {
            if (!downloaded.Contains(uids[i]))
            {
                Retrieve(connection, i + 1);
            }
        }
        var half = uids.Count / 2;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < half; i++)
        {
            connection.Command($"DELE {i + 1}");
        }
        connection.Command($"QUIT");
        Quits.Add(start);
        there -= half;
        downloaded = [.. uids[half..]];
        Sessions++;
    }

    private Pop3Connection LogIn()
    {
        var start = Stopwatch.GetTimestamp();
        var connection = Pop3Connection.Open(server.Pop3, tls: false);
        connection.LogIn(user);
        Logins.Add(start);
        return connection;
    }

    private List<string> List(Pop3Connection connection)
    {
        if (connection.Stat() is var stat && stat != (there, (long)there * options.MessageBytes))
        {
            throw new UnexpectedAnswerException($"STAT says {stat}, and there are {there} messages of {options.MessageBytes}");
        }
        var uids = connection.Uidl();
        if (uids.Count != there || !downloaded.IsSubsetOf(uids))
        {
            throw new UnexpectedAnswerException($"UIDL says {uids.Count} of {there}, {uids.Count(downloaded.Contains)} of {downloaded.Count} known");
        }
        return uids;
    }

    private void Retrieve(Pop3Connection connection, int number)
    {
        var start = Stopwatch.GetTimestamp();
        var octets = connection.Retrieve(number);
        Retrievals.Add(start);
        Retrieved++;
        if (octets != options.MessageBytes)
        {
            throw new UnexpectedAnswerException($"RETR gave {octets} octets of {options.MessageBytes}");
        }
    }
}
