using System.Globalization;
using System.Net.Sockets;
using MailCloud.MailboxAccess.Imap;
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

    [Fact]
    public void Every_verb_is_shown_done_and_refused()
    {
        var shown = Directory.EnumerateFiles(Folder, "*.imap").SelectMany(file => Shown(Transcript.Parse(File.ReadLines(file)).Steps)).ToHashSet();

        // A certificate, channel bindings and octets that are not text need tests of their own; SETQUOTA is never done.
        string[] elsewhere = ["AUTHENTICATE", "STARTTLS", "COMPRESS", "SETQUOTA"];
        Assert.Empty(ImapVerbs.All.Keys.Except(elsewhere).Where(verb => !shown.Contains((verb, true))));
        Assert.Empty(ImapVerbs.All.Keys.Where(verb => !shown.Contains((verb, false))));
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

    // The verbs of a dialog, and whether they were done.
    private static IEnumerable<(string Verb, bool Done)> Shown(IReadOnlyList<Step> steps)
    {
        var verbs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            var words = step.Text.Split(' ', 4);
            if (words.Length < 2)
            {
                continue;
            }

            if (step.Kind == StepKind.Send)
            {
                var verb = words[1].ToUpperInvariant();
                verbs[words[0]] = verb == "UID" && words.Length > 2 ? $"UID {words[2].ToUpperInvariant()}" : verb;
            }
            else if (step.Kind == StepKind.Expect && words[1] is "OK" or "NO" or "BAD" && verbs.TryGetValue(words[0], out var answered))
            {
                yield return (answered, words[1] == "OK");
            }
        }
    }
}
