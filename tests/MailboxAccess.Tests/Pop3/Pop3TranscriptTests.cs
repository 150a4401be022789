using System.Net.Sockets;
using System.Text;
using MailCloud.MailboxAccess.Pop3;
using MailCloud.Testing;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>
/// Every dialog of transcripts/, in each chunking. In it <c>alice@example.test</c> stands for an account of its own, whose INBOX has the messages of <see cref="SampleMail"/>, or
/// those of <see cref="TranscriptMail"/> that a line <c># mail: name</c> names; <c>{plain}</c> for its credentials of SASL PLAIN. <c># server: secured</c> is one with a certificate.
/// </summary>
public sealed class Pop3TranscriptTests(ImapServer server, SecuredImapServer secured) : IClassFixture<ImapServer>, IClassFixture<SecuredImapServer>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "transcripts");

    public static TheoryData<string, Chunking> Runs()
    {
        var runs = new TheoryData<string, Chunking>();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.pop3").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal))
        {
            foreach (var chunking in Transcript.Parse(File.ReadLines(Path.Combine(Folder, file))).Chunkings)
            {
                runs.Add(file, chunking);
            }
        }

        return runs;
    }

    [Fact]
    public void Every_verb_is_shown_done_and_refused()
    {
        var shown = Directory.EnumerateFiles(Folder, "*.pop3").SelectMany(file => Shown(Transcript.Parse(File.ReadLines(file)).Steps)).ToHashSet();
        Assert.Empty(Pop3Verbs.All.Keys.Where(verb => !shown.Contains((verb, true))));
        Assert.Empty(Pop3Verbs.All.Keys.Where(verb => !shown.Contains((verb, false))));
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Is_answered_as_written(string file, Chunking chunking)
    {
        var transcript = Transcript.Parse(File.ReadLines(Path.Combine(Folder, file)));
        var used = transcript.Setting("server") == "secured" ? secured : server;
        var user = transcript.Setting("mail") is { } mail ? await used.CreateAccountAsync(TranscriptMail.Of(mail)) : await used.CreateAccountAsync();
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{ImapServer.Password}"));
        var lines = File.ReadLines(Path.Combine(Folder, file))
            .Select(line => line.Replace("alice@example.test", user, StringComparison.Ordinal).Replace("{plain}", plain, StringComparison.Ordinal))
            .Select(line => line.StartsWith("S To: ", StringComparison.Ordinal) ? "S To: alice@example.test" : line);
        using var client = new TcpClient();
        await client.ConnectAsync(used.Pop3EndPoint);
        await TranscriptRunner.RunAsync(client, Transcript.Parse(lines), chunking, secured.Tls);
    }

    // The verbs of a dialog, and whether they were done: replies come in the order of the commands.
    private static IEnumerable<(string Verb, bool Done)> Shown(IReadOnlyList<Step> steps)
    {
        var given = new Queue<string>();
        foreach (var step in steps)
        {
            var word = step.Text.Split(' ')[0].ToUpperInvariant();
            if (step.Kind == StepKind.Send && Pop3Verbs.All.ContainsKey(word))
            {
                given.Enqueue(word);
            }
            else if (step.Kind == StepKind.Expect && word is "+OK" or "-ERR" && given.TryDequeue(out var verb))
            {
                yield return (verb, word == "+OK");
            }
        }
    }
}
