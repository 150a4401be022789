using System.Globalization;
using System.Text.Json.Nodes;
using MailCloud.EndToEnd.Tests.Clients;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>
/// RFC 8620 §5.2 and §5.6: a client that only asks for changes has what one sees that looks for the first time, whoever changed the mailbox: two JMAP clients, two IMAP sessions and deliveries, all at once.
/// </summary>
[Collection(ClientCollection.Name)]
public sealed class ReplayTests(ClientServer server)
{
    private const string Sender = "outside@elsewhere.example";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Replayed_changes_are_what_a_new_client_sees(int seed)
    {
        var user = await server.NewAccountAsync();
        using var session = await JmapSession.OpenAsync(server.Process, user, ClientServer.Password);
        await using var imap = new AccountChanger(server, user, new(seed));
        await imap.StartAsync();
        JmapChanger[] changers = [new(session, "甲", new(seed + 100)), new(session, "B", new(seed + 200))];
        foreach (var changer in changers)
        {
            await changer.StartAsync();
        }

        MailReplica[] replicas = [new(session, 1), new(session, 7), new(session, 500)];
        foreach (var replica in replicas)
        {
            await replica.StartAsync();
        }

        var delivered = 0;
        for (var round = 0; round < 6; round++)
        {
            // All at once, and the replicas follow meanwhile; then, when nothing moves, they are compared.
            await Task.WhenAll(
                RepeatAsync(25, imap.ChangeAsync),
                RepeatAsync(12, changers[0].ChangeAsync),
                RepeatAsync(12, changers[1].ChangeAsync),
                DeliverAsync(user, delivered, 3),
                RepeatAsync(3, replicas[1].FollowAsync),
                RepeatAsync(2, replicas[2].FollowAsync));
            delivered += 3;
            await UntilDeliveredAsync(session, delivered);
            foreach (var replica in replicas)
            {
                await replica.FollowAsync();
                await replica.CheckAsync();
            }
        }

        Assert.All(replicas, replica => Assert.Equal(0, replica.Refetches));
        Assert.All(replicas, replica => Assert.InRange(replica.Told, 50, int.MaxValue));
    }

    private static async Task RepeatAsync(int times, Func<Task> step)
    {
        for (var i = 0; i < times; i++)
        {
            await step();
        }
    }

    private async Task DeliverAsync(string user, int first, int count)
    {
        using var smtp = new SmtpClient();
        await smtp.ConnectAsync("127.0.0.1", server.Process.Smtp, SecureSocketOptions.None);
        for (var i = first; i < first + count; i++)
        {
            using var message = new MimeMessage();
            message.From.Add(MailboxAddress.Parse(Sender));
            message.To.Add(MailboxAddress.Parse(user));
            message.Subject = string.Create(CultureInfo.InvariantCulture, $"Delivery {i % 4}");
            message.Body = new TextPart("plain") { Text = "delivered" };
            await smtp.SendAsync(message);
        }

        await smtp.DisconnectAsync(quit: true);
    }

    private static async Task UntilDeliveredAsync(JmapSession session, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var answer = await session.CallAsync("Email/query", new() { ["filter"] = new JsonObject { ["from"] = Sender }, ["calculateTotal"] = true });
            if (answer["total"]!.GetValue<int>() == count)
            {
                return;
            }
        }
    }
}
