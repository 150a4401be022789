using System.Buffers.Text;
using System.Net;
using System.Text;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>
/// One POP3 client with a blocking socket, as cheap as a client can be: one command, one write, one answer, as most clients do it. Every answer is checked; of a message the octets are counted, dots that
/// were added for the wire not among them.
/// </summary>
internal sealed class Pop3Connection : IDisposable
{
    private readonly Stream stream;
    private readonly byte[] incoming = new byte[64 * 1024];
    private int read;
    private int filled;

    private Pop3Connection(Stream stream) => this.stream = stream;

    /// <summary>Connects and reads the greeting.</summary>
    public static Pop3Connection Open(IPEndPoint server, bool tls)
    {
        var connection = new Pop3Connection(LoadSocket.Open(server, tls));
        connection.ReadOk();
        return connection;
    }

    public void LogIn(int user)
    {
        Command($"USER user{user}@example.test");
        Command($"PASS mailcloud");
    }

    /// <summary>Runs a command whose answer is one line.</summary>
    /// <exception cref="UnexpectedAnswerException">-ERR, or a lost connection.</exception>
    public void Command(Utf8Format command)
    {
        Send(command);
        ReadOk();
    }

    /// <returns>How many messages the maildrop has, and their octets.</returns>
    public (int Messages, long Octets) Stat()
    {
        Send($"STAT");
        var numbers = ReadOk()["+OK "u8.Length..];
        if (!Utf8Parser.TryParse(numbers, out int messages, out var digits) || !Utf8Parser.TryParse(numbers[(digits + 1)..], out long octets, out _))
        {
            throw new UnexpectedAnswerException($"STAT: {Encoding.UTF8.GetString(numbers)}");
        }
        return (messages, octets);
    }

    /// <returns>The unique-ids by message-number less one.</returns>
    public List<string> Uidl()
    {
        Send($"UIDL");
        ReadOk();
        var uids = new List<string>();
        while (ReadLine() is var line && !line.SequenceEqual("."u8))
        {
            if (!Utf8Parser.TryParse(line, out int number, out var digits) || number != uids.Count + 1)
            {
                throw new UnexpectedAnswerException($"UIDL: {Encoding.UTF8.GetString(line)} after {uids.Count} lines");
            }
            uids.Add(Encoding.ASCII.GetString(line[(digits + 1)..]));
        }
        return uids;
    }

    /// <returns>The octets of a message.</returns>
    public long Retrieve(int number)
    {
        Send($"RETR {number}");
        ReadOk();
        return ReadMessage();
    }

    public void Dispose() => stream.Dispose();

    private void Send(Utf8Format command)
    {
        Span<byte> line = stackalloc byte[command.Octets.Length + 2];
        command.Octets.CopyTo(line);
        "\r\n"u8.CopyTo(line[^2..]);
        stream.Write(line);
    }

    private ReadOnlySpan<byte> ReadOk()
    {
        var line = ReadLine();
        return line.StartsWith("+OK"u8) ? line : throw new UnexpectedAnswerException(Encoding.UTF8.GetString(line));
    }

    /// <summary>Reads to the line with a dot alone (RFC 1939 §3), by whole buffers: what is looked for begins a line with a dot.</summary>
    private long ReadMessage()
    {
        long octets = 0;
        if (Peek(0) == '.')
        {
            if (TakeDot())
            {
                return octets;
            }
        }
        while (true)
        {
            // Three octets may belong to a CRLF and dot that end in the next buffer.
            var at = incoming.AsSpan(read, filled - read).IndexOf("\r\n."u8);
            if (at >= 0)
            {
                octets += at + 2;
                read += at + 2;
                if (TakeDot())
                {
                    return octets;
                }
                continue;
            }
            var certain = Math.Max(0, filled - read - 2);
            octets += certain;
            read += certain;
            Fill();
        }
    }

    /// <summary>Reads the dot that begins a line; true when the message ends with it.</summary>
    private bool TakeDot()
    {
        if (Peek(1) == '\r' && Peek(2) == '\n')
        {
            read += 3;
            return true;
        }
        read++;
        return false;
    }

    private byte Peek(int ahead)
    {
        while (filled - read <= ahead)
        {
            Fill();
        }
        return incoming[read + ahead];
    }

    /// <summary>The next line without its CRLF; valid until the next read.</summary>
    private ReadOnlySpan<byte> ReadLine()
    {
        var searched = 0;
        while (true)
        {
            var end = incoming.AsSpan(read + searched, filled - read - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = incoming.AsSpan(read, searched + end);
                read += searched + end + 1;
                return line is [.., (byte)'\r'] ? line[..^1] : line;
            }
            searched = filled - read;
            Fill();
        }
    }

    private void Fill()
    {
        incoming.AsSpan(read, filled - read).CopyTo(incoming);
        filled -= read;
        read = 0;
        var received = filled < incoming.Length ? stream.Read(incoming, filled, incoming.Length - filled) : throw new UnexpectedAnswerException("a line is too long");
        if (received == 0)
        {
            throw new UnexpectedAnswerException("the server closed the connection");
        }
        filled += received;
    }
}
