using MailCloud.Testing;

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
                foreach (var chunking in Read(name).Chunkings)
                {
                    data.Add(name, chunking);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Transcripts))]
    public async Task Answers_the_same_however_it_comes(string name, Chunking chunking) => await server.RunAsync(Read(name), chunking);

    [Fact]
    public void Every_verb_has_a_transcript() =>
        Assert.All(SmtpVerbs.All.Keys, verb => Assert.NotEmpty(Directory.GetFiles(Folder, $"{verb.ToLowerInvariant()}-*.smtp")));

    private static Transcript Read(string name) => Transcript.Parse(File.ReadLines(Path.Combine(Folder, name)));
}
