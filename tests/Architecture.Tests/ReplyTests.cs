using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>SmtpIngress' table of replies and the code say the same, and each reply is shown.</summary>
public sealed partial class ReplyTests
{
    // RFC 821 §4.2 has twenty-one; RFC 4954 and RFC 3207 add those of AUTH and STARTTLS, RFC 5321 §4.2 adds 252 (of RFC 1123) and 555.
    private static readonly string[] Codes =
    [
        "211", "214", "220", "221", "250", "251", "354", "421", "450", "451", "452", "500", "501", "502", "503", "504", "550", "551", "552", "553", "554",
        "235", "334", "454", "530", "534", "535", "538", "252", "555",
    ];

    private static readonly List<Reply> Table =
        [.. Row().Matches(Repository.Read("services/SmtpIngress/README.md")).Select(m => new Reply(m.Groups[1].Value, m.Groups[2].Value.Trim(), m.Groups[3].Value))];

    [Fact]
    public void Every_code_is_shown_by_a_transcript() => Assert.Empty(Codes.Except(Table.Where(row => row.Transcript is not null).Select(row => row.Code)));

    [Fact]
    public void Whatever_the_table_names_shows_the_reply() => Assert.Empty(Table.Where(row => !IsShown(row)));

    [Fact]
    public void The_table_has_the_replies_of_the_code_and_no_others()
    {
        var written = from file in Repository.Files("services/SmtpIngress", "*.cs").Concat(Repository.Files("shared/Submission", "*.cs"))
                      from Match reply in WrittenReply().Matches(Repository.Read(file))
                      select (reply.Groups[1].Value, reply.Groups[2].Value);
        Assert.Equal(written.Distinct().Order(), Table.Select(row => (row.Code, row.Status)).Order());
    }

    private static bool IsShown(Reply row)
    {
        if (row.Transcript is { } transcript)
        {
            var beginning = row.Status.Length > 0 ? $"{row.Code}[ -]{Regex.Escape(row.Status)} " : $"{row.Code}[ -]";
            return Regex.IsMatch(Repository.Read($"tests/SmtpIngress.Tests/transcripts/{transcript}"), $"^S {beginning}", RegexOptions.Multiline);
        }

        var test = row.ShownBy.Split('.');
        return Repository.Read($"tests/SmtpIngress.Tests/{test[0]}.cs").Contains($" {test[1]}(", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\| (\d{3}) \| ([\d.]*) ?\| [^|]+ \| `([^`]+)` \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();

    /// <summary>A reply's code and enhanced status as they stand in an SmtpReply; <c>null</c> leaves the status empty.</summary>
    [GeneratedRegex(@"\((\d{3}), (?:null|""(\d\.\d+\.\d+)""), ")]
    private static partial Regex WrittenReply();

    private sealed record Reply(string Code, string Status, string ShownBy)
    {
        public string? Transcript => ShownBy.EndsWith(".smtp", StringComparison.Ordinal) ? ShownBy : null;
    }
}
