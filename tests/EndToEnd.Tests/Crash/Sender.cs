using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>A plain SMTP client that keeps account of what it was told, also when the server dies under it.</summary>
internal sealed class Sender(int mailboxes, Ledger ledger, int seed)
{
    private readonly Random random = new(seed);

    /// <summary>How long it rests after each message.</summary>
    public TimeSpan Rest { get; set; }

    /// <summary>
    /// Sends until cancelled; a connection that breaks is opened anew until the server is gone. Waiting ends with the cancellation too: a server that is killed while a connection is being
    /// set up may leave its client without a word.
    /// </summary>
    public async Task RunAsync(int port, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await SessionAsync(port, stop, stop);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Killed under us, or stopped: what was in doubt is in the ledger.
                if (e is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                {
                    return;
                }
            }
        }
    }

    /// <summary>One session with message after message, until it is told to stop. It finishes the one that it is at, however long the answer takes, unless that is aborted.</summary>
    public async Task SessionAsync(int port, CancellationToken stop, CancellationToken abort)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port, stop);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await GreetAsync(stream, reader, stop);
        while (!stop.IsCancellationRequested)
        {
            // Mailbox 1 gets every message: it is sealed several times in a run, also while the server dies.
            await TransactionAsync(stream, reader, [1, .. Enumerable.Range(2, mailboxes - 1).OrderBy(_ => random.Next()).Take(random.Next(0, 3))], abort);
            await Task.Delay(Rest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A session for one message to one mailbox. Returns the message's id, or null when it was not accepted.</summary>
    public async Task<string?> SendOneAsync(int port, int mailbox, CancellationToken stop)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port, stop);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await GreetAsync(stream, reader, stop);
        return await TransactionAsync(stream, reader, [mailbox], stop);
    }

    private static async Task GreetAsync(NetworkStream stream, StreamReader reader, CancellationToken stop)
    {
        Expect("220", await ReplyAsync(reader, stop));
        await SendAsync(stream, "EHLO crash.example\r\n");
        Expect("250", await ReplyAsync(reader, stop));
    }

    private async Task<string?> TransactionAsync(NetworkStream stream, StreamReader reader, IReadOnlyList<int> recipients, CancellationToken stop)
    {
        var id = Guid.NewGuid().ToString("N");
        var commands = new StringBuilder("MAIL FROM:<sender@crash.example>\r\n");
        foreach (var recipient in recipients)
        {
            commands.Append(CultureInfo.InvariantCulture, $"RCPT TO:<user{recipient}@example.test>\r\n");
        }

        await SendAsync(stream, commands + "DATA\r\n");
        for (var i = 0; i < recipients.Count + 1; i++)
        {
            Expect("250", await ReplyAsync(reader, stop));
        }

        Expect("354", await ReplyAsync(reader, stop));
        var body = new string('x', random.Next(10) == 0 ? 100_000 : random.Next(100, 4000));
        var lines = string.Join("\r\n", body.Chunk(70).Select(c => new string(c)));

        // From here the message may be accepted whether we hear of it or not.
        ledger.RecordDoubt(id, recipients);
        await SendAsync(stream, $"Subject: crash\r\nX-Test-Id: {id}\r\n\r\n{lines}\r\n.\r\n");
        var reply = await ReplyAsync(reader, stop);
        if (reply.StartsWith("250", StringComparison.Ordinal))
        {
            ledger.RecordAccepted(id, recipients);
            return id;
        }

        Expect("451", reply);
        return null;
    }

    private static async Task SendAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> ReplyAsync(StreamReader reader, CancellationToken stop)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync(stop) ?? throw new IOException("the connection ended");
            if (line.Length < 4 || line[3] != '-')
            {
                return line;
            }
        }
    }

    private static void Expect(string code, string reply)
    {
        if (!reply.StartsWith(code, StringComparison.Ordinal))
        {
            throw new UnwantedAnswerException($"expected {code}, got {reply}");
        }
    }
}
