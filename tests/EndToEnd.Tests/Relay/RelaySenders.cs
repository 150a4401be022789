using System.Collections.Concurrent;
using System.Net.Sockets;
using MailCloud.Testing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>Several senders, each with a connection of submission as alice, who send message after message to one recipient on another host and remember what got 250.</summary>
internal sealed class RelaySenders(string recipient)
{
    private readonly ConcurrentDictionary<string, bool> accepted = new(StringComparer.Ordinal);
    private int sent;

    public IReadOnlyCollection<string> Accepted => (IReadOnlyCollection<string>)accepted.Keys;

    /// <summary>Sends on one connection until it breaks or the token ends it.</summary>
    /// <param name="port">Of submission.</param>
    /// <param name="rest">Between two messages.</param>
    /// <param name="dead">The end, within any step.</param>
    public async Task SendAsync(int port, TimeSpan rest, CancellationToken dead)
    {
        try
        {
            await SessionAsync(port, rest, dead);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ProtocolException or CommandException or SocketException or AuthenticationException or SslHandshakeException)
        {
            // Whatever was not answered may have been accepted all the same.
        }
    }

    /// <summary>Sends on one connection until an exception says how that ended.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public async Task SessionAsync(int port, TimeSpan rest, CancellationToken dead)
    {
        using var client = new SmtpClient { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate is not null };
        await client.ConnectAsync("127.0.0.1", port, SecureSocketOptions.StartTls, dead);
        await client.AuthenticateAsync("alice@example.test", "mailcloud", dead);
        while (true)
        {
            var message = new MimeMessage { Subject = "relay", MessageId = $"{Interlocked.Increment(ref sent)}@example.test", Body = new TextPart("plain") { Text = "hello\r\n" } };
            message.From.Add(MailboxAddress.Parse("alice@example.test"));
            message.To.Add(MailboxAddress.Parse(recipient));
            await client.SendAsync(message, dead);
            accepted[message.MessageId] = true;
            await Task.Delay(rest, dead);
        }
    }

    /// <summary>Returns when so many more have got 250.</summary>
    public async Task UntilMoreAsync(int count, TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        for (var before = accepted.Count; accepted.Count < before + count;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), end.Token);
        }
    }

    /// <summary>What arrived of what got 250: how many did not, and how many times something came once more than needed.</summary>
    public (string[] Lost, int Doubled) Compare(LimitedSink sink)
    {
        var arrived = sink.Messages.GroupBy(message => message.Id).ToDictionary(id => id.Key, id => id.Count(), StringComparer.Ordinal);
        return ([.. accepted.Keys.Where(id => !arrived.ContainsKey(id))], arrived.Values.Sum(count => count - 1));
    }
}
