using System.Text;

namespace MailCloud.Hostile;

/// <summary>Somebody who uses the server as it is meant to be used while others attack it: a session of IMAP and one of SMTP, with answers that it knows.</summary>
public sealed class Bystander : IDisposable
{
    private const string Address = "bystander@example.test";

    /// <summary>4 kB, as most mail is.</summary>
    private static readonly string Message = $"From: someone@example.org\r\nSubject: known\r\n\r\n{string.Concat(Enumerable.Repeat("line of a message\r\n", 200))}";

    private readonly Target target;
    private readonly Peer imap;
    private readonly Peer smtp;

    private Bystander(Target target, Peer imap, Peer smtp) => (this.target, this.imap, this.smtp) = (target, imap, smtp);

    /// <summary>Makes the account, logs in, puts a message there, and says EHLO to the MX listener.</summary>
    public static async Task<Bystander> BeginAsync(Target target, CancellationToken cancellationToken)
    {
        await Mail.ImportAsync(target, Address, cancellationToken);
        var imap = await Peer.GreetedAsync(target, target.Imap, cancellationToken);
        await LogInAsync(imap, cancellationToken);
        await imap.SendAsync($"a APPEND Sent {{{Message.Length}+}}\r\n{Message}\r\n", cancellationToken);
        await imap.ExpectAsync("a OK", cancellationToken);
        await imap.SendAsync("b SELECT Sent\r\n", cancellationToken);
        await imap.ExpectAsync("b OK", cancellationToken);
        var smtp = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        await smtp.SendAsync("EHLO bystander.example\r\n", cancellationToken);
        await smtp.ExpectAsync("250 ", cancellationToken);
        return new(target, imap, smtp);
    }

    public async Task NoopAsync(CancellationToken cancellationToken)
    {
        await imap.SendAsync("n NOOP\r\n", cancellationToken);
        await imap.ExpectAsync("n OK", cancellationToken);
    }

    /// <summary>Fetches the known message, which must be as it was.</summary>
    public async Task FetchAsync(CancellationToken cancellationToken)
    {
        var (text, octets) = await Mail.AskAsync(imap, "UID FETCH * BODY.PEEK[]", cancellationToken);
        if (octets != Message.Length || !text.Contains(Message[..100], StringComparison.Ordinal))
        {
            throw new UnexpectedAnswerException($"FETCH gave {octets} octets of {Message.Length}: {text}");
        }
    }

    /// <summary>Has a message of 4 kB accepted.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        await smtp.SendAsync($"MAIL FROM:<someone@example.org>\r\nRCPT TO:<{Address}>\r\nDATA\r\n", cancellationToken);
        await smtp.ExpectAsync("250", cancellationToken);
        await smtp.ExpectAsync("250", cancellationToken);
        await smtp.ExpectAsync("354", cancellationToken);
        await smtp.SendAsync(Message + ".\r\n", cancellationToken);
        await smtp.ExpectAsync("250", cancellationToken);
    }

    /// <summary>Somebody who comes only now is served on every port, handshake and login included.</summary>
    public async Task NewcomersAsync(CancellationToken cancellationToken)
    {
        foreach (var port in target.Ports)
        {
            using var peer = await Peer.GreetedAsync(target, port, cancellationToken);
            switch (port.Protocol)
            {
                case Protocol.Imap:
                    await LogInAsync(peer, cancellationToken);
                    break;
                case Protocol.Http:
                    await peer.SendAsync("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n", cancellationToken);
                    await peer.ExpectAsync("HTTP/1.1 200", cancellationToken);
                    break;
                case Protocol.Submission:
                    var secret = Convert.ToBase64String(Encoding.ASCII.GetBytes($"\0{Address}\0{Target.Password}"));
                    await peer.SendAsync($"EHLO newcomer.example\r\nAUTH PLAIN {secret}\r\n", cancellationToken);
                    await peer.ExpectAsync("250 ", cancellationToken);
                    await peer.ExpectAsync("235", cancellationToken);
                    break;
                default:
                    await peer.SendAsync("QUIT\r\n", cancellationToken);
                    await peer.ExpectAsync(port.Protocol == Protocol.Smtp ? "221" : "+OK", cancellationToken);
                    break;
            }
        }
    }

    public void Dispose()
    {
        imap.Dispose();
        smtp.Dispose();
    }

    private static async Task LogInAsync(Peer peer, CancellationToken cancellationToken)
    {
        await peer.SendAsync($"l LOGIN {Address} {Target.Password}\r\n", cancellationToken);
        await peer.ExpectAsync("l OK", cancellationToken);
    }
}
