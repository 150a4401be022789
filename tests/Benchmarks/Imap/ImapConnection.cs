using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Unicode;

namespace MailCloud.Benchmarks.Imap;

/// <summary>
/// One IMAP client with a blocking socket, as cheap as a client can be: a command is one write, and of what comes back only lines are looked
/// at, literals are skipped. Every tagged response is checked. It keeps the UIDs of the selected folder by EXISTS and EXPUNGE, as clients do.
/// </summary>
internal sealed class ImapConnection : IDisposable
{
    private const int Unknown = -1;
    private readonly Stream stream;
    private byte[] incoming = new byte[16 * 1024];
    private byte[] outgoing = new byte[1024];
    private int read;
    private int filled;
    private int lastTag;
    private int exists;

    private ImapConnection(Stream stream) => this.stream = stream;

    /// <summary>The selected folder's UIDs by sequence number less one.</summary>
    public List<uint> Uids { get; } = [];

    /// <summary>The UID that the next message of the selected folder gets.</summary>
    public uint UidNext { get; private set; }

    /// <summary>FETCH responses of the last command.</summary>
    public int Fetched { get; private set; }

    /// <summary>Octets of literals of the last command.</summary>
    public long LiteralOctets { get; private set; }

    /// <summary>Numbers of the last SEARCH response.</summary>
    public List<uint> Found { get; } = [];

    /// <summary>Connects and reads the greeting.</summary>
    public static ImapConnection Open(IPEndPoint server, bool tls)
    {
        var connection = new ImapConnection(LoadSocket.Open(server, tls));
        if (!connection.ReadLine().StartsWith("* OK"u8))
        {
            throw new UnexpectedAnswerException("no greeting");
        }
        return connection;
    }

    public void LogIn(int user) => LogIn($"user{user}@example.test");

    public void LogIn(string address) => Command($"LOGIN {address} mailcloud");

    /// <summary>Selects a folder. Its UIDs are not known before <see cref="LearnUids"/>.</summary>
    /// <returns>How many messages it has.</returns>
    public int Select(string folder)
    {
        Uids.Clear();
        exists = Unknown;
        Command($"SELECT {folder}");
        return exists != Unknown ? exists : throw new UnexpectedAnswerException("SELECT says no EXISTS");
    }

    /// <summary>Asks for the UIDs of the folder just selected.</summary>
    public void LearnUids()
    {
        Command($"UID SEARCH ALL");
        Uids.AddRange(Found);
        if (Uids.Count != exists)
        {
            throw new UnexpectedAnswerException($"SELECT says {exists} messages, SEARCH finds {Uids.Count}");
        }
    }

    /// <summary>Runs a command to its tagged OK.</summary>
    /// <exception cref="UnexpectedAnswerException">NO, BAD, BYE or a lost connection.</exception>
    public void Command(Utf8Format command)
    {
        Send(command, []);
        ReadToTag(mayRefuse: false);
    }

    /// <summary>The same; false when the answer is NO.</summary>
    public bool TryCommand(Utf8Format command)
    {
        Send(command, []);
        return ReadToTag(mayRefuse: true);
    }

    /// <summary>APPEND with a literal that is not waited for (RFC 7888): one write, one answer.</summary>
    public void Append(string folder, ReadOnlySpan<byte> message)
    {
        Send($"APPEND {folder} {{{message.Length}+}}", message);
        ReadToTag(mayRefuse: false);
    }

    /// <summary>Goes into IDLE (RFC 2177) and stays there.</summary>
    public void Idle()
    {
        Send($"IDLE", []);
        while (ReadLine() is var line && line[0] != '+')
        {
            if (line[0] != '*')
            {
                throw new UnexpectedAnswerException(Encoding.UTF8.GetString(line));
            }
        }
    }

    public void Dispose() => stream.Dispose();

    private void Send(Utf8Format command, ReadOnlySpan<byte> literal)
    {
        if (outgoing.Length < literal.Length + 1024)
        {
            outgoing = new byte[literal.Length + 1024];
        }
        Utf8.TryWrite(outgoing, $"t{++lastTag} ", out var length);
        command.Octets.CopyTo(outgoing.AsSpan(length));
        length += command.Octets.Length;
        "\r\n"u8.CopyTo(outgoing.AsSpan(length));
        length += 2;
        if (literal.Length > 0)
        {
            literal.CopyTo(outgoing.AsSpan(length));
            length += literal.Length;
            "\r\n"u8.CopyTo(outgoing.AsSpan(length));
            length += 2;
        }
        stream.Write(outgoing, 0, length);
    }

    private bool ReadToTag(bool mayRefuse)
    {
        Span<byte> tag = stackalloc byte[16];
        Utf8.TryWrite(tag, $"t{lastTag} ", out var tagLength);
        (Fetched, LiteralOctets) = (0, 0);
        while (true)
        {
            var line = ReadLine();
            if (line.StartsWith("* "u8))
            {
                TakeUntagged(line[2..]);
            }
            else if (line.StartsWith(tag[..tagLength]))
            {
                if (line[tagLength..].StartsWith("OK"u8))
                {
                    return true;
                }
                if (mayRefuse && line[tagLength..].StartsWith("NO"u8))
                {
                    return false;
                }
                throw new UnexpectedAnswerException(Encoding.UTF8.GetString(line));
            }
            else
            {
                throw new UnexpectedAnswerException($"t{lastTag} waits and gets: {Encoding.UTF8.GetString(line)}");
            }
            SkipLiterals(line);
        }
    }

    private void TakeUntagged(ReadOnlySpan<byte> response)
    {
        if (Utf8Parser.TryParse(response, out int number, out var digits))
        {
            var name = response[digits..];
            if (name.StartsWith(" FETCH"u8))
            {
                Fetched++;
            }
            else if (name.StartsWith(" EXISTS"u8))
            {
                TakeExists(number);
            }
            else if (name.StartsWith(" EXPUNGE"u8))
            {
                Uids.RemoveAt(number - 1);
            }
        }
        else if (response.StartsWith("SEARCH"u8))
        {
            TakeFound(response["SEARCH"u8.Length..]);
        }
        else if (response.StartsWith("OK [UIDNEXT "u8) && Utf8Parser.TryParse(response["OK [UIDNEXT "u8.Length..], out uint next, out _))
        {
            UidNext = next;
        }
    }

    private void TakeExists(int number)
    {
        if (exists == Unknown || Uids.Count == 0)
        {
            exists = number;
            return;
        }
        while (Uids.Count < number)
        {
            Uids.Add(UidNext++);
        }
    }

    private void TakeFound(ReadOnlySpan<byte> numbers)
    {
        Found.Clear();
        while (numbers.Length > 1 && Utf8Parser.TryParse(numbers[1..], out uint number, out var digits))
        {
            Found.Add(number);
            numbers = numbers[(1 + digits)..];
        }
    }

    /// <summary>While a line ends in a literal's length: skips the literal and reads the line that goes on behind it.</summary>
    private void SkipLiterals(ReadOnlySpan<byte> line)
    {
        while (line.Length > 2 && line[^1] == '}')
        {
            var open = line.LastIndexOf((byte)'{');
            if (open < 0 || !Utf8Parser.TryParse(line[(open + 1)..], out long length, out _))
            {
                return;
            }
            LiteralOctets += length;
            Skip(length);
            line = ReadLine();
        }
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

    private void Skip(long count)
    {
        while (count > filled - read)
        {
            count -= filled - read;
            read = filled = 0;
            Fill();
        }
        read += (int)count;
    }

    private void Fill()
    {
        if (read > 0)
        {
            incoming.AsSpan(read, filled - read).CopyTo(incoming);
            filled -= read;
            read = 0;
        }
        if (filled == incoming.Length)
        {
            Array.Resize(ref incoming, incoming.Length * 2);
        }
        var received = stream.Read(incoming, filled, incoming.Length - filled);
        if (received == 0)
        {
            throw new UnexpectedAnswerException("the server closed the connection");
        }
        filled += received;
    }
}
