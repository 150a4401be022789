using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>A plain SMTP client that keeps account of what it was told, also when the server dies under it.</summary>
internal sealed class Sender(int port, int mailboxes, Ledger ledger, int seed)
{
    private readonly Random random = new(seed);

    /// <summary>
    /// Sends until cancelled; a connection that breaks is opened anew until the server is gone. Waiting ends with the cancellation too: a server that is killed while a connection is being
    /// set up may leave its client without a word.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await SessionAsync(stop);
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

    private async Task SessionAsync(CancellationToken stop)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port, stop);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await ReplyAsync(reader, stop);
        await SendAsync(stream, "EHLO crash.example\r\n");
        await ReplyAsync(reader, stop);
        while (!stop.IsCancellationRequested)
        {
            await TransactionAsync(stream, reader, stop);
        }
    }

    private async Task TransactionAsync(NetworkStream stream, StreamReader reader, CancellationToken stop)
    {
        var id = Guid.NewGuid().ToString("N");

        // Mailbox 1 gets every message: it is sealed several times in a run, also while the server dies.
        int[] recipients = [1, .. Enumerable.Range(2, mailboxes - 1).OrderBy(_ => random.Next()).Take(random.Next(0, 3))];
        var commands = new StringBuilder("MAIL FROM:<sender@crash.example>\r\n");
        foreach (var recipient in recipients)
        {
            commands.Append(CultureInfo.InvariantCulture, $"RCPT TO:<user{recipient}@example.test>\r\n");
        }

        await SendAsync(stream, commands + "DATA\r\n");
        for (var i = 0; i < recipients.Length + 1; i++)
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
        }
        else
        {
            Expect("451", reply);
        }
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
            throw new IOException($"expected {code}, got {reply}");
        }
    }
}
