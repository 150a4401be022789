using System.Globalization;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>
/// An account and a client's copy of it, both changed at random between runs of the client, and the account also during them. In the end the two must agree, and hold every message exactly as often as
/// those who made, copied and removed it know.
/// </summary>
internal sealed class TwoWaySync(ClientServer server, Maildir local, int seed, ITestOutputHelper output)
{
    private readonly Random random = new(seed);
    private readonly Dictionary<string, string> localDigests = [];
    private readonly HashSet<string> removedHere = [];
    private int localChanges;

    /// <summary>Rounds of a test; the long form sets more by the environment.</summary>
    public static int Rounds => int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_CLIENT_ROUNDS") ?? "4", CultureInfo.InvariantCulture);

    /// <summary>Plays the rounds, and then lets the client run in peace and compares.</summary>
    public async Task PlayAsync(string user, Func<Task<ClientRun>> synchronise, bool changesNames)
    {
        output.WriteLine($"seed {seed}");
        await using var changer = new AccountChanger(server, user, new Random(seed + 1)) { ChangesNames = changesNames };
        await changer.StartAsync();
        (await synchronise()).MustSucceed();
        Compare(changer, await AccountContents.ReadAsync(server, user), local.Read());
        var during = 0;
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = random.Next(5, 20); i > 0; i--)
            {
                await changer.ChangeAsync();
            }

            for (var i = random.Next(1, 6); i > 0; i--)
            {
                ChangeHere();
            }

            // In every other round the client has company; what it makes of a message that goes while it reads it is its own affair, for now.
            var run = synchronise();
            for (var i = 0; round % 2 == 1 && !run.IsCompleted; i++)
            {
                await changer.ChangeAsync();
                during++;
            }

            await run;
        }

        await synchronise();
        var last = (await synchronise()).MustSucceed();
        Compare(changer, await AccountContents.ReadAsync(server, user), local.Read(), last.Output);
        output.WriteLine($"{Rounds} rounds, {changer.Changes} changes by others, {during} of them during a run, {localChanges} changes here, {changer.Copies.Count()} + {localDigests.Count - removedHere.Count} messages");
    }

    private void ChangeHere()
    {
        var folder = AccountChanger.Lasting[random.Next(AccountChanger.Lasting.Length)];
        localChanges++;
        switch (random.Next(4))
        {
            case 0 or 1:
                var id = string.Create(CultureInfo.InvariantCulture, $"L{localDigests.Count}");
                var message = TestMessage.Create(id, random);
                localDigests[id] = TestMessage.Digest(message);
                local.Deliver(folder, message);
                break;
            case 2:
                local.ChangeFlags(folder);
                break;
            default:
                if (local.Remove(folder, i => i[0] == 'L') is { } removed)
                {
                    removedHere.Add(removed);
                }

                break;
        }
    }

    private void Compare(AccountChanger changer, IReadOnlyList<MessageCopy> remote, IReadOnlyList<MessageCopy> copies, string said = "")
    {
        // What a client keeps of a folder that is gone elsewhere is not compared: for safety, some keep it.
        var differences = AccountContents.Differences(remote, copies.Where(c => !changer.GoneNames.Contains(c.Folder)));
        Assert.True(differences.Length == 0, $"seed {seed}:\n{differences}\n{said}");

        var expected = changer.Copies.Select(c => (c.Id, changer.Digests[c.Id])).Concat(localDigests.Where(d => !removedHere.Contains(d.Key)).Select(d => (d.Key, d.Value)));
        Assert.Equal(expected.Select(e => $"{e.Item1} {e.Item2}").Order(StringComparer.Ordinal), remote.Select(r => $"{r.Id} {r.Digest}").Order(StringComparer.Ordinal));
        Assert.Equal(
            changer.Copies.Select(c => $"{c.Folder} {c.Id}").Order(StringComparer.Ordinal),
            remote.Where(r => r.Id[0] == 'R').Select(r => $"{r.Folder} {r.Id}").Order(StringComparer.Ordinal));
    }
}
