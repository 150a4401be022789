using System.Text.RegularExpressions;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// Watches the server's system calls: no 250 to a message leaves before the syncs that cover its body and its queue entry. A SIGKILL cannot show this, as the page cache survives it.
/// </summary>
public sealed partial class SyncOrderTests(ITestOutputHelper output)
{
    private const int Messages = 30;

    [Fact]
    public async Task No_250_leaves_before_the_sync_that_covers_it()
    {
        var (replies, uncovered) = await TraceAsync(offset: 22000, arguments: []);

        Assert.Equal(Messages, replies);
        Assert.Equal(0, uncovered);
    }

    [Fact]
    public async Task The_watch_notices_a_store_that_does_not_sync()
    {
        var (replies, uncovered) = await TraceAsync(offset: 22300, arguments: ["--Embedded:Synchronous=OFF"]);

        Assert.Equal(Messages, replies);
        Assert.True(uncovered > 0);
    }

    private async Task<(int Replies, int Uncovered)> TraceAsync(int offset, string[] arguments)
    {
        var data = ServerProcess.NewDataDirectory();
        var trace = Path.Combine(data, "trace.txt");
        string[] strace = ["strace", "-f", "-s", "140000", "-e", "trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync", "-o", trace];
        await using (var server = await ServerProcess.StartAsync(data, offset, arguments: arguments, launcher: strace))
        {
            await SendAsync(server);
            await server.TerminateAsync();
        }

        var result = Check(SyscallTrace.Read(File.ReadLines(trace)));
        output.WriteLine($"{result.Replies} replies, {result.Uncovered} before their sync");
        Directory.Delete(data, recursive: true);
        return result;
    }

    private static async Task SendAsync(ServerProcess server)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", server.Smtp, SecureSocketOptions.None);
        for (var i = 0; i < Messages; i++)
        {
            // Every third body is above 64 kB and stands in a file of its own.
            var text = new string('x', i % 3 == 0 ? 100_000 : 2000);
            await client.SendAsync(new MimeMessage(
                [new MailboxAddress("", "sender@crash.example")],
                [new MailboxAddress("", "bob@example.test")],
                "sync order",
                new TextPart("plain") { Text = text }));
        }

        await client.DisconnectAsync(quit: true);
    }

    /// <summary>
    /// Before a 250 that names an id there must be two rounds of (a write that holds the id, then a sync that began after it): one for the body, one for the queue entry,
    /// which is published when the body is durable.
    /// </summary>
    private static (int Replies, int Uncovered) Check(IReadOnlyList<Syscall> calls)
    {
        var syncs = calls.Where(c => c.Name is "fsync" or "fdatasync").OrderBy(c => c.Began).ToArray();
        var replies = 0;
        var uncovered = 0;
        foreach (var reply in calls.Where(c => c.Name is "sendto" or "sendmsg" or "write" or "writev"))
        {
            if (Accepted().Match(reply.Arguments) is not { Success: true } accepted)
            {
                continue;
            }

            replies++;
            var id = accepted.Groups["id"].Value;
            var writes = calls.Where(c => c.Name is "pwrite64" or "write" && c != reply && c.Arguments.Contains(id, StringComparison.Ordinal)).OrderBy(c => c.Returned).ToArray();
            var body = SyncAfter(writes, 0);
            var entry = body is null ? null : SyncAfter(writes, body.Returned);
            uncovered += entry is null || entry.Returned >= reply.Began ? 1 : 0;
        }

        return (replies, uncovered);

        Syscall? SyncAfter(IEnumerable<Syscall> writes, int line) =>
            writes.FirstOrDefault(w => w.Began > line) is { } write ? syncs.FirstOrDefault(s => s.Began > write.Returned) : null;
    }

    [GeneratedRegex("250 2\\.[06]\\.0 .*?(?<id>[0-9a-f]{32})")]
    private static partial Regex Accepted();
}
