using System.Text.Json;
using MailCloud.EndToEnd.Tests.Crash;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Backups;

/// <summary>A backup that is taken while mail comes in, and what must be there where it is restored.</summary>
internal sealed class BackupRun(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo backups = Directory.CreateTempSubdirectory("mailcloud-backups-");
    private readonly Load load = new(imap: false, pop3: false);

    /// <summary>What was accepted before the last backup began: ids, and the mailboxes of each.</summary>
    private IReadOnlyDictionary<string, IReadOnlyList<int>> acknowledged = new Dictionary<string, IReadOnlyList<int>>();

    /// <summary>A folder that nobody changes.</summary>
    private IReadOnlyList<(uint Uid, MessageFlags? Flags, string Subject)> kept = [];

    public string Place => backups.FullName;

    public void Dispose() => backups.Delete(recursive: true);

    /// <summary>Two backups: the first copies most of it, the second what came since; both while mail comes in. The second is checked.</summary>
    public async Task TakeUnderLoadAsync(IAdministered server, IReadOnlyList<int> smtp, int imap)
    {
        await Accounts.ImportAsync(server, Load.Accounts);
        kept = await AppendAsync(imap);
        using var stop = new CancellationTokenSource();
        var sending = load.Senders.Select((sender, i) => sender.RunAsync(smtp[i % smtp.Count], stop.Token)).ToArray();

        await AcceptedAsync(300);
        var (first, _) = await TakeAsync(server);
        await AcceptedAsync(load.Ledger.Accepted + 200);
        var (second, before) = await TakeAsync(server);
        Assert.True(second.GetProperty("progress").GetProperty("counts").GetProperty("shared").GetInt64() >= first.GetProperty("progress").GetProperty("counts").GetProperty("blobs").GetInt64() / 2);

        var check = await AdminJob.RunAsync(server, new { kind = "check-backup" });
        Assert.Empty(await AdminJob.RecordsAsync(server, check, "problem"));
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        output.WriteLine($"{check.GetProperty("why").GetString()}; {load.Ledger.Accepted - before.Count} messages were accepted while and after it was taken");
        acknowledged = before;
    }

    private async Task<(JsonElement Job, IReadOnlyDictionary<string, IReadOnlyList<int>> Before)> TakeAsync(IAdministered server)
    {
        var before = load.Ledger.AcceptedNow();
        var job = await AdminJob.RunAsync(server, new { kind = "backup" });
        output.WriteLine($"{before.Count} messages were accepted before; {job.GetProperty("why").GetString()}; {job.GetProperty("progress").GetProperty("counts")}; {job.GetProperty("endedAt").GetDateTimeOffset() - job.GetProperty("startedAt").GetDateTimeOffset()}");
        return (job, before);
    }

    /// <summary>All that was acknowledged before the second backup began is in the restored installation, once, and verification finds nothing wrong there.</summary>
    public async Task CompareAsync(IAdministered server, int imap)
    {
        await Upkeep.UntilNothingWaitsAsync(server, TimeSpan.FromMinutes(2));
        Assert.Equal(kept, await KeptAsync(imap));
        var copies = new Dictionary<(string, int), int>();
        for (var mailbox = 1; mailbox <= Load.Mailboxes; mailbox++)
        {
            foreach (var id in await load.CheckUidsAsync(imap, mailbox, CancellationToken.None))
            {
                copies[(id, mailbox)] = copies.GetValueOrDefault((id, mailbox)) + 1;
            }
        }

        var missing = acknowledged.SelectMany(message => message.Value.Select(mailbox => (message.Key, mailbox))).Where(copy => !copies.ContainsKey(copy)).ToList();
        Assert.Empty(missing);
        Assert.DoesNotContain(copies, copy => copy.Value > 1);
        Assert.Empty((await Upkeep.VerifyAsync(server)).Split('\n').Where(line => line.Contains("\"problem\"", StringComparison.OrdinalIgnoreCase)));
        output.WriteLine($"{copies.Count} copies came back, of which {acknowledged.Sum(message => message.Value.Count)} had been acknowledged before");
    }

    private async Task AcceptedAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (load.Ledger.Accepted < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    // A folder with flags, which nobody else changes.
    private static async Task<IReadOnlyList<(uint Uid, MessageFlags? Flags, string Subject)>> AppendAsync(int imap)
    {
        using var client = await ConnectAsync(imap);
        var folder = (await client.GetFolder(client.PersonalNamespaces[0]).CreateAsync("kept 保存", isMessageFolder: true))!;
        for (var i = 0; i < 5; i++)
        {
            var message = new MimeMessage { Subject = $"number {i} 号", Body = new TextPart("plain") { Text = new string('x', 30_000 * i) } };
            await folder.AppendAsync(message, i % 2 == 0 ? MessageFlags.Flagged : MessageFlags.Seen);
        }

        await client.DisconnectAsync(quit: true);
        return await KeptAsync(imap);
    }

    private static async Task<IReadOnlyList<(uint Uid, MessageFlags? Flags, string Subject)>> KeptAsync(int imap)
    {
        using var client = await ConnectAsync(imap);
        var folder = await client.GetFolderAsync("kept 保存");
        await folder.OpenAsync(FolderAccess.ReadOnly);
        var messages = await folder.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.Envelope);
        await client.DisconnectAsync(quit: true);
        return [.. messages.Select(message => (message.UniqueId.Id, message.Flags, message.Envelope!.Subject!))];
    }

    private static async Task<ImapClient> ConnectAsync(int imap)
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", imap, SecureSocketOptions.None);
        await client.AuthenticateAsync(Load.Address(3), Load.Password);
        return client;
    }
}
