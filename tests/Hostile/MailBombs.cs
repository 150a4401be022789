using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.Hostile;

/// <summary>Messages that are small to send and large to take apart: sent by SMTP, then looked at in every way by IMAP and by POP3.</summary>
public static partial class MailBombs
{

    /// <summary>One is taken apart at a time: its structure is bounded (10,000 parts, 100 levels, a mebibyte of their headers), and so is what is read of a header (256 kB; 1 MB by SEARCH).</summary>
    private const long OctetsEach = 64 * 1024 * 1024;

    private const int Megabyte = 1_000_000;

    private static readonly (string Name, Func<IEnumerable<string>> Octets)[] Bombs =
    [
        ("100,000 parts", () => Repeated("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", 100_000)),
        ("100,000 multiparts in one another", () => Numbered("", i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n", 100_000)),
        ("100,000 messages in one another", () => Repeated("", "Content-Type: message/rfc822\r\n\r\n", 100_000)),
        ("1,000,000 fields", () => Repeated("", "X: y\r\n", 1_000_000)),
        ("a header line of 10 MB", () => Repeated("X-Long: ", new string('x', 1000), 10_000)),
        ("100,000 addresses", () => Numbered("To: x@example.org", i => $",\r\n a{i} <a{i}@example.org>", 100_000)),
        ("100,000 groups", () => Repeated("To: x@example.org", ",\r\n g:;", 100_000)),
        ("a boundary of 10 MB", () => Repeated("Content-Type: multipart/mixed; boundary=", new string('b', 1000), 10_000)),
        ("50,000 parameters (RFC 2231)", () => Numbered("Content-Type: text/plain", i => $";\r\n name*{i}*=utf-8''%E4%B8%AD", 50_000)),
        ("100,000 encoded words", () => Repeated("Subject:", "\r\n =?gb18030?b?1tDOxA==?=", 100_000)),
        ("100,000 encoded words of unknown charsets", () => Numbered("Subject:", i => $"\r\n =?x-{i}?q?a?=", 100_000)),
        ("2 MB of encoded words without an end", () => Repeated("Subject: ", "=?a?q?x", 2 * Megabyte / 7)),
        ("comments in one another", () => Repeated("From: ", new string('(', 1000), 2000)),
        ("1,000,000 references", () => Numbered("References:", i => $"\r\n <{i}@x>", 1_000_000)),
        ("parts with large headers", () => Numbered("Content-Type: multipart/mixed; boundary=b\r\n\r\n", i => $"--b\r\nContent-Type: text/plain; name{i}=\"{new string('n', 2000)}\"\r\n\r\nx\r\n", 9000)),
        ("lines that begin as 99 delimiters do", Delimiters),
    ];

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("mails that are bombs", 1, OctetsEach, (target, size, cancellationToken) => RunAsync(target, size, "bombs@example.test", LookByImapAsync, cancellationToken)),
        new("mails that are bombs, by POP3", 1, OctetsEach, (target, size, cancellationToken) => RunAsync(target, size, "bombs-pop3@example.test", LookByPop3Async, cancellationToken)),
    ];

    /// <param name="target">The server.</param>
    /// <param name="size">How often.</param>
    /// <param name="account">That gets them.</param>
    /// <param name="lookAsync">Looks at the only message of the account in every way and takes it out; it is given an IMAP session that has selected the message's folder.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private static async Task RunAsync(Target target, int size, string account, Func<Target, string, Peer, CancellationToken, Task> lookAsync, CancellationToken cancellationToken)
    {
        await Mail.ImportAsync(target, account, cancellationToken);
        using var reader = await Peer.LogInAsync(target, target.Imap, cancellationToken, account: account);
        for (var round = 0; round < size; round++)
        {
            foreach (var (name, octets) in Bombs)
            {
                try
                {
                    await SendAsync(target, account, octets(), cancellationToken);
                    await ArrivedAsync(reader, cancellationToken);
                    await lookAsync(target, account, reader, cancellationToken);
                }
                catch (Exception e) when (e is UnexpectedAnswerException or OperationCanceledException)
                {
                    throw new UnexpectedAnswerException($"{name}: {e.Message}");
                }
            }
        }
    }

    private static async Task SendAsync(Target target, string account, IEnumerable<string> octets, CancellationToken cancellationToken)
    {
        using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        await peer.BeginMessageAsync("bomb@example.org", [account], cancellationToken);
        foreach (var piece in octets.Chunk(1000))
        {
            await peer.SendAsync(string.Concat(piece), cancellationToken);
        }

        await peer.SendAsync("\r\n.\r\n", cancellationToken);
        await peer.ExpectAsync("250", cancellationToken);
    }

    private static async Task ArrivedAsync(Peer reader, CancellationToken cancellationToken)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!(await Mail.AskAsync(reader, "SELECT INBOX", cancellationToken)).Text.Contains("* 1 EXISTS", StringComparison.Ordinal))
        {
            await again.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static async Task LookByImapAsync(Target target, string account, Peer reader, CancellationToken cancellationToken)
    {
        var (shown, _) = await Mail.AskAsync(reader, "FETCH 1 (RFC822.SIZE ENVELOPE BODYSTRUCTURE)", cancellationToken);
        var octets = long.Parse(Size().Match(shown).Groups["octets"].Value, CultureInfo.InvariantCulture);
        if (!shown.Contains("ENVELOPE (", StringComparison.Ordinal) || !shown.Contains("BODYSTRUCTURE (", StringComparison.Ordinal))
        {
            throw new UnexpectedAnswerException($"FETCH shows {shown[..Math.Min(200, shown.Length)]}");
        }

        var (_, whole) = await Mail.AskAsync(reader, "FETCH 1 BODY.PEEK[]", cancellationToken);
        if (whole != octets)
        {
            throw new UnexpectedAnswerException($"BODY[] has {whole} octets, and RFC822.SIZE is {octets}");
        }

        await Mail.AskAsync(reader, "FETCH 1 (BODY.PEEK[1] BODY.PEEK[1.2.3] BODY.PEEK[1.1.1.1.MIME])", cancellationToken);
        await Mail.AskAsync(reader, "FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[HEADER.FIELDS (TO SUBJECT)] BODY.PEEK[HEADER.FIELDS.NOT (X)] BODY.PEEK[TEXT]<10.20>)", cancellationToken);
        await Mail.AskAsync(reader, "SEARCH SUBJECT nowhere TO nobody HEADER X-None \"\"", cancellationToken);
        await Mail.AskAsync(reader, "SEARCH TEXT nowhere-at-all", cancellationToken);
        await Mail.AskAsync(reader, "STORE 1 +FLAGS.SILENT (\\Deleted)", cancellationToken);
        await Mail.AskAsync(reader, "CLOSE", cancellationToken);
    }

    private static async Task LookByPop3Async(Target target, string account, Peer reader, CancellationToken cancellationToken)
    {
        using var pop3 = await Peer.LogInAsync(target, target.Pop3, cancellationToken, account: account);
        await pop3.SendAsync("LIST 1\r\n", cancellationToken);
        var octets = long.Parse((await pop3.ExpectAsync("+OK 1 ", cancellationToken)).Split(' ')[2], CultureInfo.InvariantCulture);
        var header = await RetrieveAsync(pop3, "TOP 1 0", cancellationToken);
        var beginning = await RetrieveAsync(pop3, "TOP 1 10", cancellationToken);
        var nearlyAll = await RetrieveAsync(pop3, "TOP 1 2000000000", cancellationToken);
        var whole = await RetrieveAsync(pop3, "RETR 1", cancellationToken);
        if (header > beginning || beginning > whole || nearlyAll != whole || whole != octets)
        {
            throw new UnexpectedAnswerException($"TOP shows {header}, {beginning} and {nearlyAll} octets and RETR {whole} of a message that has {octets}");
        }

        await pop3.SendAsync("DELE 1\r\nQUIT\r\n", cancellationToken);
        await pop3.ExpectAsync("+OK", cancellationToken);
        await pop3.ExpectAsync("+OK", cancellationToken);
    }

    /// <summary>The octets of a message in a reply of more lines, the dots that were put before its own taken away (RFC 1939 §3).</summary>
    private static async Task<long> RetrieveAsync(Peer pop3, string command, CancellationToken cancellationToken)
    {
        await pop3.SendAsync(command + "\r\n", cancellationToken);
        Attack.Expect(command, "+OK", await pop3.LineAsync(cancellationToken));
        for (var octets = 0L; ;)
        {
            var line = await pop3.LineAsync(cancellationToken) ?? throw new UnexpectedAnswerException($"{command}: the server hung up");
            if (line == ".")
            {
                return octets;
            }

            octets += line.Length + "\r\n".Length - (line.StartsWith('.') ? 1 : 0);
        }
    }

    /// <summary>99 multiparts in one another whose boundaries differ only in their last letters, and then lines that begin like all of them.</summary>
    private static IEnumerable<string> Delimiters()
    {
        var same = new string('d', 60);
        for (var i = 0; i < 99; i++)
        {
            yield return $"Content-Type: multipart/mixed; boundary={same}{i:D3}\r\n\r\n--{same}{i:D3}\r\n";
        }

        yield return "\r\n";
        for (var i = 0; i < 100_000; i++)
        {
            yield return $"--{same}999\r\n";
        }
    }

    private static IEnumerable<string> Repeated(string start, string again, int times) => Enumerable.Repeat(again, times).Prepend(start);

    private static IEnumerable<string> Numbered(string start, Func<int, string> one, int times) => Enumerable.Range(0, times).Select(one).Prepend(start);

    [GeneratedRegex("RFC822.SIZE (?<octets>[0-9]+)")]
    private static partial Regex Size();
}
