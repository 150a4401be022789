using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>
/// Counts the messages of each INBOX by IMAP STATUS. One idle, authenticated connection per mailbox is opened before the
/// load, so that counting costs the server one small command and no login.
/// </summary>
internal sealed class MailboxCounter : IDisposable
{
    private readonly Socket[] connections;
    private readonly byte[] buffer = new byte[8192];

    private MailboxCounter(int mailboxes) => connections = new Socket[mailboxes];

    public int Mailboxes => connections.Length;

    public static MailboxCounter Open(EndPoint server, int mailboxes)
    {
        var counter = new MailboxCounter(mailboxes);
        for (var i = 0; i < mailboxes; i++)
        {
            var connection = counter.connections[i] =
                new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
            connection.Connect(server);
            counter.ReadUntil(connection, "* ");
            counter.Command(connection, $"LOGIN user{i}@example.test mailcloud");
        }
        return counter;
    }

    public int Count(int mailbox)
    {
        var reply = Command(connections[mailbox], "STATUS INBOX (MESSAGES)");
        var start = reply.IndexOf("MESSAGES ", StringComparison.OrdinalIgnoreCase) + "MESSAGES ".Length;
        return int.Parse(reply.AsSpan(start, reply.IndexOf(')', start) - start));
    }

    public int[] CountAll() => [.. Enumerable.Range(0, connections.Length).Select(Count)];

    public void Dispose()
    {
        foreach (var connection in connections)
        {
            connection?.Dispose();
        }
    }

    private string Command(Socket connection, string command)
    {
        connection.Send(Encoding.ASCII.GetBytes($"a {command}\r\n"));
        var reply = ReadUntil(connection, "a ");
        return reply.Contains("a OK", StringComparison.Ordinal) ? reply : throw new InvalidOperationException($"{command}: {reply}");
    }

    /// <summary>Reads lines up to one that starts with <paramref name="tag"/>; no reply that is asked for here holds a literal.</summary>
    private string ReadUntil(Socket connection, string tag)
    {
        var text = "";
        do
        {
            var received = connection.Receive(buffer);
            if (received == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }
            text += Encoding.ASCII.GetString(buffer, 0, received);
        }
        while (!EndsWithLine(text, tag));
        return text;
    }

    private static bool EndsWithLine(string text, string tag)
    {
        if (!text.EndsWith("\r\n", StringComparison.Ordinal))
        {
            return false;
        }
        var lastLine = text.LastIndexOf('\n', text.Length - 2) + 1;
        return text.AsSpan(lastLine).StartsWith(tag, StringComparison.Ordinal);
    }
}
