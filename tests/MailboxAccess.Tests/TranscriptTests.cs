using System.Globalization;
using System.Net.Sockets;
using MailCloud.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Every dialog of transcripts/, in each chunking. In it <c>alice@example.test</c> stands for an account of its own, with the quota of <c># quota: OCTETS</c>.</summary>
public sealed class TranscriptTests(ImapServer server) : IClassFixture<ImapServer>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "transcripts");

    public static TheoryData<string, Chunking> Runs()
    {
        var runs = new TheoryData<string, Chunking>();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.imap").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal))
        {
            foreach (var chunking in Transcript.Parse(File.ReadLines(Path.Combine(Folder, file))).Chunkings)
            {
                runs.Add(file, chunking);
            }
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Is_answered_as_written(string file, Chunking chunking)
    {
        var quota = Transcript.Parse(File.ReadLines(Path.Combine(Folder, file))).Setting("quota");
        var user = await server.CreateAccountAsync(long.Parse(quota ?? "0", CultureInfo.InvariantCulture));
        var lines = File.ReadLines(Path.Combine(Folder, file)).Select(line => line.Replace("alice@example.test", user, StringComparison.Ordinal));
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint);
        await TranscriptRunner.RunAsync(client, Transcript.Parse(lines), chunking);
    }
}
