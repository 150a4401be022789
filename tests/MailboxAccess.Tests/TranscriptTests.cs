using System.Globalization;
using System.Net.Sockets;
using MailCloud.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>
/// Every dialog of transcripts/, in each chunking. In it <c>alice@example.test</c> stands for an account of its own, with the quota of <c># quota: OCTETS</c>, whose INBOX has
/// the messages of <see cref="SampleMail"/>, or those of <see cref="TranscriptMail"/> that a line <c># mail: name</c> names.
/// </summary>
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
        var transcript = Transcript.Parse(File.ReadLines(Path.Combine(Folder, file)));
        var user = transcript.Setting("mail") is { } mail
            ? await server.CreateAccountAsync(TranscriptMail.Of(mail))
            : await server.CreateAccountAsync(long.Parse(transcript.Setting("quota") ?? "0", CultureInfo.InvariantCulture));
        var lines = File.ReadLines(Path.Combine(Folder, file)).Select(line => line.Replace("alice@example.test", user, StringComparison.Ordinal));
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint);
        await TranscriptRunner.RunAsync(client, Transcript.Parse(lines), chunking);
    }
}
