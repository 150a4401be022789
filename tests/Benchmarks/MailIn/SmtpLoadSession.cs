using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>
/// One SMTP client on its own thread with blocking sockets: the cheapest client .NET offers, two or three system calls a
/// round trip. MAIL, RCPT and DATA go in one write (RFC 2920), the message with its final dot in another.
/// </summary>
internal sealed class SmtpLoadSession(EndPoint server, MessagePool pool, LoadCounts counts, bool keepConnections) : IDisposable
{
    private const int TimeoutMilliseconds = 60_000;
    private static readonly byte[] Ehlo = "EHLO load.sender.example\r\n"u8.ToArray();
    private static readonly byte[] Quit = "QUIT\r\n"u8.ToArray();

    private readonly byte[] outgoing = new byte[pool.Length + Quit.Length];
    private readonly byte[] incoming = new byte[4096];
    private int read;
    private int filled;
    private Socket? socket;

    /// <summary>Milliseconds from the first byte of a transaction (the connection included where there is one each) to its 250.</summary>
    public List<float> Latencies { get; } = new(1 << 15);

    /// <summary>Sends until <paramref name="until"/> (a Stopwatch timestamp); the last transaction is finished.</summary>
    public void Run(Func<long> nextNumber, long until)
    {
        while (Stopwatch.GetTimestamp() < until)
        {
            var number = nextNumber();
            var mailbox = (int)(number % counts.Accepted.Length);
            var dotSent = false;
            try
            {
                Send(number, mailbox, ref dotSent);
            }
            catch (SocketException failure)
            {
                if (dotSent)
                {
                    counts.Doubt(mailbox);
                }
                else
                {
                    counts.Refuse(failure.Message);
                }
                Close();
            }
        }
    }

    /// <summary>Ends a kept connection.</summary>
    public void Dispose() => Close();

    private void Send(long number, int mailbox, ref bool dotSent)
    {
        var start = Stopwatch.GetTimestamp();
        var open = socket ?? Connect();
        var length = Encoding.ASCII.GetBytes($"MAIL FROM:<load@sender.example>\r\nRCPT TO:<user{mailbox}@example.test>\r\nDATA\r\n", outgoing);
        open.Send(outgoing, 0, length, SocketFlags.None);
        var mail = ReadReply();
        var rcpt = ReadReply();
        var data = ReadReply();
        if (mail != 250 || rcpt is not (250 or 251) || data != 354)
        {
            counts.Refuse($"MAIL {mail}, RCPT {rcpt}, DATA {data}");
            Close();
            return;
        }

        pool.Write(number, outgoing);
        length = pool.Length;
        if (!keepConnections)
        {
            Quit.CopyTo(outgoing, length);
            length += Quit.Length;
        }
        dotSent = true;
        open.Send(outgoing, 0, length, SocketFlags.None);
        var reply = ReadReply();
        if (reply == 250)
        {
            counts.Accept(mailbox);
            Latencies.Add((float)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        else
        {
            counts.Refuse($"final dot {reply}");
        }
        if (!keepConnections)
        {
            ReadReply();
            Close();
        }
    }

    private Socket Connect()
    {
        socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = TimeoutMilliseconds,
            SendTimeout = TimeoutMilliseconds,
        };
        read = filled = 0;
        socket.Connect(server);
        ReadReply();
        socket.Send(Ehlo);
        ReadReply();
        return socket;
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }

    /// <summary>The code of the next reply, its last line (RFC 5321 §4.2.1) consumed.</summary>
    private int ReadReply()
    {
        while (true)
        {
            var end = incoming.AsSpan(read, filled - read).IndexOf((byte)'\n');
            if (end < 0)
            {
                Fill();
                continue;
            }
            var line = incoming.AsSpan(read, end);
            read += end + 1;
            if (line.Length >= 3 && Utf8Parser.TryParse(line[..3], out int code, out _) && (line.Length == 3 || line[3] != '-'))
            {
                return code;
            }
        }
    }

    private void Fill()
    {
        incoming.AsSpan(read, filled - read).CopyTo(incoming);
        filled -= read;
        read = 0;
        var received = socket!.Receive(incoming, filled, incoming.Length - filled, SocketFlags.None);
        if (received == 0)
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }
        filled += received;
    }
}
