using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.Testing;

/// <summary>How the client's side of a transcript is cut into writes.</summary>
public enum Chunking
{
    /// <summary>All that stands before the next <c>WAIT</c> or <c>TLS</c> in one write.</summary>
    Whole = 0,

    /// <summary>Each <c>C</c> in a write of its own, when what stands before it has been answered.</summary>
    ByLine = 1,

    /// <summary>The same, each octet in a write of its own.</summary>
    ByOctet = 2,
}

/// <summary>What one line of a transcript asks for.</summary>
public enum StepKind
{
    Send = 0,
    Expect = 1,
    ExpectClose = 2,
    SkipLines = 3,
    Wait = 4,
    Tls = 5,
}

/// <summary>One line of a transcript.</summary>
public sealed record Step(StepKind Kind, string Text);

/// <summary>A dialog as text; tests/README.md describes the format.</summary>
public sealed partial class Transcript
{
    private readonly Dictionary<string, string> settings = new(StringComparer.Ordinal);
    private readonly List<Step> steps = [];

    private Transcript()
    {
    }

    public IReadOnlyList<Step> Steps => steps;

    /// <summary>The ways in which it may be cut: all, or the one that <c># chunking: NAME</c> names because the order of arrival is what it is about.</summary>
    public IReadOnlyList<Chunking> Chunkings => Setting("chunking") is { } only ? [Enum.Parse<Chunking>(only)] : Enum.GetValues<Chunking>();

    /// <exception cref="FormatException">A line is no step.</exception>
    public static Transcript Parse(IEnumerable<string> lines)
    {
        var transcript = new Transcript();
        foreach (var line in lines)
        {
            transcript.Add(line);
        }

        return transcript;
    }

    /// <summary>What a line <c># name: value</c> says; null when there is none.</summary>
    public string? Setting(string name) => settings.GetValueOrDefault(name);

    /// <summary>Text with <c>{CR}</c>, <c>{LF}</c> and <c>{xHH}</c> as the octets that they stand for, one character each.</summary>
    internal static string Unescape(string text) => Escape().Replace(text, match => match.Value switch
    {
        "{CR}" => "\r",
        "{LF}" => "\n",
        var hex => ((char)byte.Parse(hex.AsSpan(2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(),
    });

    private void Add(string line)
    {
        if (line.StartsWith('#'))
        {
            if (SettingLine().Match(line) is { Success: true } setting)
            {
                settings[setting.Groups[1].Value] = setting.Groups[2].Value;
            }

            return;
        }

        if (line.Length > 0)
        {
            steps.Add(StepOf(line));
        }
    }

    private static Step StepOf(string line) => line switch
    {
        "WAIT" => new(StepKind.Wait, ""),
        "TLS" => new(StepKind.Tls, ""),
        "S <close>" => new(StepKind.ExpectClose, ""),
        "S ..." => new(StepKind.SkipLines, ""),
        "S" => new(StepKind.Expect, ""),
        _ when line.StartsWith("C ", StringComparison.Ordinal) => new(StepKind.Send, line[2..]),
        _ when line.StartsWith("S ", StringComparison.Ordinal) => new(StepKind.Expect, line[2..]),
        _ => throw new FormatException($"this is no line of a transcript: {line}"),
    };

    [GeneratedRegex(@"\{(?:CR|LF|x[0-9A-Fa-f]{2})\}")]
    private static partial Regex Escape();

    [GeneratedRegex(@"^# ([a-z]+): (\S+)$")]
    private static partial Regex SettingLine();
}
