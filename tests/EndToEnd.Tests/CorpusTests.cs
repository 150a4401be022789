using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Mail that nobody here wrote goes in by SMTP from four clients and comes out by IMAP and by POP3.</summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    private const int Mailboxes = 20;

    [Fact]
    public async Task Every_clean_message_comes_out_as_it_went_in()
    {
        var messages = CorpusMail.Read(output);
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 20300, arguments: ServerProcess.NoRateLimits);
        await Accounts.ImportAsync(server, Enumerable.Range(1, Mailboxes).Select(i => ($"user{i}@example.test", CorpusRoundTrip.Password)));
        var trip = new CorpusRoundTrip(server.Smtp, server.Imap, server.Pop3);
        var expected = new Dictionary<int, List<byte[]>>();
        Func<byte[], string, Task<byte[]?>>[] clients = [trip.SendRawAsync, trip.SendWithCurlAsync, trip.SendWithSwaksAsync, trip.SendWithMailKitAsync];

        for (var i = 0; i < messages.Count; i++)
        {
            foreach (var (client, number) in clients.Select((c, n) => (c, n)))
            {
                var mailbox = 1 + (((i * clients.Length) + number) % Mailboxes);
                if (await client(messages[i], $"user{mailbox}@example.test") is { } sent)
                {
                    expected.TryAdd(mailbox, []);
                    expected[mailbox].Add(sent);
                }
            }
        }

        foreach (var (mailbox, sent) in expected)
        {
            await trip.CompareAsync($"user{mailbox}@example.test", sent);
        }

        output.WriteLine($"{messages.Count} messages from {clients.Length} clients, {expected.Values.Sum(e => e.Count)} copies, in {Mailboxes} mailboxes: all equal");
        Directory.Delete(data, recursive: true);
    }
}
