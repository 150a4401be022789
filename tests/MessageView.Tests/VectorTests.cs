using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.MessageView.Tests;

/// <summary>
/// Mail that wants a script to run, a request to be made or the page around it changed: <c>vectors/*.txt</c>, one a line, with <c>{xHH}</c> for a character. What becomes of each is judged by
/// <see cref="OutputRules"/> alone; that a word of it is left as text is no harm.
/// </summary>
public sealed partial class VectorTests
{
    public static TheoryData<string, int> Vectors
    {
        get
        {
            var vectors = new TheoryData<string, int>();
            foreach (var file in Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal))
            {
                var lines = File.ReadAllLines(file);
                for (var i = 0; i < lines.Length; i++)
                {
                    if (lines[i].Length > 0 && lines[i][0] != '#')
                    {
                        vectors.Add(Path.GetFileName(file), i + 1);
                    }
                }
            }

            return vectors;
        }
    }

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "vectors");

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Nothing_of_it_acts(string file, int line)
    {
        var vector = Read(file, line);
        var allowed = Rendering.Options with { AllowRemote = true };
        foreach (var html in new[] { vector, $"<p>before</p>{vector}<p>behind</p>", $"<table><tr><td title=\"{vector}", $"<div title='{vector}'>x</div>", $"<a href={vector}>x</a>" })
        {
            await Rendering.HtmlAsync(html);
            await Rendering.HtmlAsync(html, allowed);
        }
    }

    /// <summary>What came out goes in again: nothing is made by the first pass that the second would have taken out.</summary>
    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Once_is_enough(string file, int line)
    {
        var vector = Read(file, line);
        var once = await Rendering.InnerAsync(vector, Rendering.Options with { AllowRemote = true });
        Assert.Equal(once, await Rendering.InnerAsync(once, Rendering.Options with { AllowRemote = true }));
    }

    private static string Read(string file, int line) =>
        Escape().Replace(File.ReadAllLines(Path.Combine(Folder, file))[line - 1], m => ((char)int.Parse(m.Groups[1].Value, NumberStyles.HexNumber)).ToString());

    [GeneratedRegex(@"\{x([0-9a-fA-F]{2,4})\}")]
    private static partial Regex Escape();
}
