using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using MailKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A data folder without room: mail is refused for now, what was accepted stays, and work goes on by itself when there is room again.</summary>
public sealed partial class FullDiskTests(ITestOutputHelper output)
{
    private const int DiskMegabytes = 48;
    private const int BallastBytes = 16_000_000;
    private const string Password = "full-password";

    private static readonly string[] Recipients = ["full1@example.test", "full2@example.test", "full3@example.test"];

    [Fact]
    public async Task Nothing_that_got_250_is_lost_when_the_disk_fills_and_mail_flows_when_there_is_room_again()
    {
        var disk = await MountAsync();
        try
        {
            await FillAndMakeRoomAsync(disk);
        }
        finally
        {
            await MailClients.RunAsync("umount", "--lazy", disk);
            Directory.Delete(disk);
        }
    }

    private async Task FillAndMakeRoomAsync(string disk)
    {
        var ballast = Path.Combine(disk, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[BallastBytes]);
        await using var server = await ServerProcess.StartAsync(Path.Combine(disk, "data"), offset: 23300, arguments: ServerProcess.NoRateLimits);
        await Accounts.ImportAsync(server, Recipients.Select(a => (a, Password)));
        using var connection = await RawConnection.OpenSmtpAsync(server.Smtp);
        var sent = new Sent(connection);

        var full = await sent.UntilRefusedAsync(octets: 100_000);
        output.WriteLine($"{sent.Accepted.Count} messages of 100,000 octets, then {full}");
        full = await sent.UntilRefusedAsync(octets: 1000);
        output.WriteLine($"{sent.Accepted.Count} messages with the small ones, then {full}");

        // Refusals are an answer like any other: the session goes on, and what still fits may be taken.
        for (var i = 0; i < 50; i++)
        {
            await sent.OneAsync(i % 2 == 0 ? 100_000 : 1000);
        }

        var whileFull = sent.Accepted.Count;
        File.Delete(ballast);
        await sent.UntilAcceptedAsync(octets: 100_000);
        for (var i = 0; i < 20; i++)
        {
            Assert.StartsWith("250", await sent.OneAsync(i % 2 == 0 ? 100_000 : 1000), StringComparison.Ordinal);
        }

        Assert.True(whileFull >= 50, $"only {whileFull} messages fitted: the test's disk is too small to show anything");
        await DrainedAsync(server);
        foreach (var account in Recipients)
        {
            await CompareAsync(server, account, sent);
        }

        output.WriteLine($"{whileFull} accepted before there was room, {sent.Accepted.Count} in all, {sent.Refused.Count} refused; each in its {Recipients.Length} mailboxes once");
        await Upkeep.SweepAsync(server);
        Assert.Equal("", await Upkeep.VerifyAsync(server));
    }

    [GeneratedRegex("X-Test-Id: (?<id>[0-9a-f]{32})")]
    private static partial Regex TestId();

    private static async Task<string> MountAsync()
    {
        var disk = ServerProcess.NewDataDirectory();
        using var mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "tmpfs", disk]) { RedirectStandardError = true })!;
        var error = await mount.StandardError.ReadToEndAsync();
        await mount.WaitForExitAsync();
        Assert.True(
            mount.ExitCode == 0,
            $"a small disk could not be mounted: {error.Trim()}. Run this test as root, in a container with the capability SYS_ADMIN, or under `unshare --map-root-user --mount`.");
        return disk;
    }

    private static async Task DrainedAsync(ServerProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await Upkeep.QueueDepthAsync(server) > 0)
        {
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>What got 250 is there once; what was refused at most once, for a 45x leaves it open.</summary>
    private static async Task CompareAsync(ServerProcess server, string account, Sent sent)
    {
        using var client = await MailClients.LoginAsync(server, account, Password);
        await MailClients.UntilAsync(client, sent.Accepted.Count);
        var found = new Dictionary<string, int>();
        foreach (var message in await client.Inbox.FetchAsync(0, -1, MessageSummaryItems.UniqueId))
        {
            using var copy = new MemoryStream();
            await using var stream = await client.Inbox.GetStreamAsync(message.UniqueId, string.Empty);
            await stream.CopyToAsync(copy);
            var text = Encoding.ASCII.GetString(copy.ToArray());
            var id = TestId().Match(text).Groups["id"].Value;
            Assert.True(text.EndsWith(sent.Message(id), StringComparison.Ordinal), $"{id} in {account} is not what was sent");
            found[id] = found.GetValueOrDefault(id) + 1;
        }

        Assert.Empty(sent.Accepted.Where(id => found.GetValueOrDefault(id) != 1));
        Assert.Empty(found.Where(f => f.Value > 1));
    }

    /// <summary>Sends messages to all accounts over one connection and keeps what was answered.</summary>
    private sealed class Sent(RawConnection connection)
    {
        private readonly Dictionary<string, int> sizes = [];

        public HashSet<string> Accepted { get; } = [];

        public HashSet<string> Refused { get; } = [];

        /// <summary>A message, made from its id.</summary>
        public string Message(string id)
        {
            var lines = string.Concat(Enumerable.Repeat(id, sizes[id] / id.Length)).Chunk(70).Select(c => new string(c));
            return $"Subject: full\r\nX-Test-Id: {id}\r\n\r\n{string.Join("\r\n", lines)}\r\n";
        }

        public async Task<string> UntilRefusedAsync(int octets)
        {
            string reply;
            do
            {
                reply = await OneAsync(octets);
            }
            while (reply.StartsWith("250", StringComparison.Ordinal));
            return reply;
        }

        public async Task UntilAcceptedAsync(int octets)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!(await OneAsync(octets)).StartsWith("250", StringComparison.Ordinal))
            {
                await Task.Delay(100, limit.Token);
            }
        }

        /// <summary>Sends one; the reply to it, or to what refused it before, is 250, 452 4.3.1 or 451.</summary>
        public async Task<string> OneAsync(int octets)
        {
            var id = Guid.NewGuid().ToString("N");
            sizes[id] = octets;
            var reply = await TransactionAsync(id);
            Assert.True(
                reply.StartsWith("250", StringComparison.Ordinal) || reply.StartsWith("452 4.3.1", StringComparison.Ordinal) || reply.StartsWith("451", StringComparison.Ordinal), reply);
            (reply.StartsWith("250", StringComparison.Ordinal) ? Accepted : Refused).Add(id);
            return reply;
        }

        private async Task<string> TransactionAsync(string id)
        {
            string[] commands = ["RSET", "MAIL FROM:<full@example.org>", .. Recipients.Select(a => $"RCPT TO:<{a}>"), "DATA"];
            foreach (var command in commands)
            {
                await connection.SendAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
                var reply = await connection.ReplyAsync();
                if (reply[0] is '4' or '5')
                {
                    return reply;
                }
            }

            await connection.SendAsync(Encoding.ASCII.GetBytes(Message(id) + ".\r\n"));
            return await connection.ReplyAsync();
        }
    }
}
