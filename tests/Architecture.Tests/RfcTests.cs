using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>shared/RFCS.md and the code say the same.</summary>
public sealed partial class RfcTests
{
    private static readonly List<Row> Rows = [.. Repository.Read("shared/RFCS.md").Split('\n').Select(Row.TryRead).OfType<Row>()];

    [Fact]
    public void Every_rfc_that_the_code_cites_is_listed()
    {
        var listed = Rows.Select(r => r.Rfc).ToHashSet();
        var cited = from file in Repository.Files("services", "*.cs").Concat(Repository.Files("shared", "*.cs"))
                    from Match rfc in Citation().Matches(Repository.Read(file))
                    where !listed.Contains(rfc.Groups[1].Value)
                    select $"{file}: RFC {rfc.Groups[1].Value}";
        Assert.Empty(cited);
    }

    [Fact]
    public void Every_row_says_yes_partial_or_no()
    {
        Assert.NotEmpty(Rows);
        Assert.Empty(Rows.Where(r => r.Status is not ("Yes" or "Partial" or "No")));
    }

    [Fact]
    public void Whatever_is_said_to_be_there_is_shown_by_something() =>
        Assert.Empty(Rows.Where(r => r.Status != "No" && !ShownBy().IsMatch(r.Shown)));

    [Fact]
    public void Whatever_shows_it_exists()
    {
        var missing = from row in Rows
                      from Match shown in ShownBy().Matches(row.Shown)
                      where !Exists(shown.Groups[1].Value)
                      select $"RFC {row.Rfc} {row.Section}: {shown.Groups[1].Value}";
        Assert.Empty(missing);
    }

    /// <summary>A name is that of a transcript, or <c>Class.Method</c> of a test.</summary>
    private static bool Exists(string name)
    {
        if (Path.GetExtension(name) is ".smtp" or ".imap" or ".pop3" or ".mx")
        {
            return Repository.Files("tests", name).Count > 0;
        }

        var parts = name.Split('.');
        return parts.Length == 2 && Repository.Files("tests", parts[0] + ".cs").Any(f => Repository.Read(f).Contains($" {parts[1]}(", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"RFC (\d+)")]
    private static partial Regex Citation();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex ShownBy();

    private sealed record Row(string Rfc, string Section, string What, string Status, string Shown)
    {
        public static Row? TryRead(string line)
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            return cells.Length == 7 && cells[1].All(char.IsAsciiDigit) && cells[1].Length > 0 ? new(cells[1], cells[2], cells[3], cells[4], cells[5]) : null;
        }
    }
}
