using System.Diagnostics;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>RETR of one large message: how long, and how far the server's memory rises. The first is not counted.</summary>
internal static class LargePart
{
    public static void Run(IMeasuredPop3Server server, string name, Pop3Options options, Figures figures)
    {
        using (var filler = ImapConnection.Open(server.Imap, tls: false))
        {
            filler.LogIn(0);
            filler.Append("INBOX", Message(options.LargeBytes));
        }
        Retrieve(server, options);

        using var connection = Pop3Connection.Open(server.Pop3, tls: false);
        connection.LogIn(0);
        server.Processes.ResetPeak();
        var before = server.Processes.PeakMemory();
        var usage = server.Processes.Usage();
        var start = Stopwatch.GetTimestamp();
        Check(connection.Retrieve(1), options);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        figures.Add(name, "RETR, s", seconds, "F3");
        figures.Add(name, "MB/s", options.LargeBytes / 1e6 / seconds, "F0");
        figures.Add(name, "server CPU, s", server.Processes.Usage().CpuSeconds - usage.CpuSeconds, "F2");
        figures.Add(name, "peak of memory (RSS) above the level before, MB", (server.Processes.PeakMemory() - before) / 1e6, "F1");
        connection.Command($"QUIT");
    }

    private static void Retrieve(IMeasuredPop3Server server, Pop3Options options)
    {
        using var connection = Pop3Connection.Open(server.Pop3, tls: false);
        connection.LogIn(0);
        Check(connection.Retrieve(1), options);
        connection.Command($"QUIT");
    }

    private static void Check(long octets, Pop3Options options)
    {
        if (octets != options.LargeBytes)
        {
            throw new UnexpectedAnswerException($"RETR gave {octets} octets of {options.LargeBytes}");
        }
    }

    /// <summary>A header and lines of 78 octets, to the octet.</summary>
    private static byte[] Message(int size)
    {
        var message = new byte[size];
        message.AsSpan().Fill((byte)'A');
        var header = "From: sender@sender.example\r\nSubject: large\r\n\r\n"u8;
        header.CopyTo(message);
        for (var end = header.Length + 78; end < size; end += 78)
        {
            "\r\n"u8.CopyTo(message.AsSpan(end - 2));
        }
        "\r\n"u8.CopyTo(message.AsSpan(size - 2));
        return message;
    }
}
