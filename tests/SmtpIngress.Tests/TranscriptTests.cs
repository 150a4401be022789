namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class TranscriptTests(ServerFixture server)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "transcripts");

    public static TheoryData<string, Chunking> Transcripts
    {
        get
        {
            var data = new TheoryData<string, Chunking>();
            foreach (var name in Directory.EnumerateFiles(Folder, "*.smtp").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal))
            {
                data.Add(name, Chunking.Whole);
                data.Add(name, Chunking.ByLine);
                data.Add(name, Chunking.ByOctet);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Transcripts))]
    public async Task Answers_the_same_however_it_comes(string name, Chunking chunking) =>
        await Dialog.RunAsync(server, await File.ReadAllLinesAsync(Path.Combine(Folder, name)), chunking);

    [Fact]
    public void Every_verb_has_a_transcript() =>
        Assert.All(SmtpVerbs.All.Keys, verb => Assert.NotEmpty(Directory.GetFiles(Folder, $"{verb.ToLowerInvariant()}-*.smtp")));
}
