using System.Globalization;
using System.Text;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxAccess.Imap.Commands.Selected;
using MailCloud.MailboxAccess.Imap.Fetch;

namespace MailCloud.MailboxAccess.Tests.Imap;

public class ImapReaderTests
{
    [Theory]
    [InlineData("atom]", "atom]")]
    [InlineData("\"a \\\"b\\\\\"", "a \"b\\")]
    [InlineData("\"\"", "")]
    [InlineData("{3}\r\na\r\n", "a\r\n")]
    [InlineData("{2+}\r\n\"(", "\"(")]
    public void Reads_astrings(string wire, string expected)
    {
        var reader = new ImapReader(Encoding.Latin1.GetBytes(wire));
        Assert.Equal(expected, reader.AString());
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"open")]
    [InlineData("\"a\\b\"")]
    [InlineData("{4}\r\nabc")]
    [InlineData("{99999999999}\r\n")]
    [InlineData("(")]
    public void Refuses_what_is_no_astring(string wire) => Assert.Throws<ImapSyntaxException>(() => new ImapReader(Encoding.Latin1.GetBytes(wire)).AString());

    [Fact]
    public void Many_keywords_take_memory_in_proportion()
    {
        var arguments = Encoding.ASCII.GetBytes($" 1 +FLAGS ({string.Join(' ', Enumerable.Range(0, 10_000).Select(i => $"k{i} K{i}"))})");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var flags = Store.Parse(new(arguments)).Flags;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100L * arguments.Length);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"k{i}"), flags.Keywords);
    }

    [Fact]
    public void A_complaint_does_not_repeat_what_was_sent()
    {
        var complaint = Assert.Throws<ImapSyntaxException>(() => Store.Parse(new(Encoding.ASCII.GetBytes($" 1 FLAGS \\{new string('x', 10_000)}"))));
        Assert.InRange(complaint.Message.Length, 1, 100);
    }

    [Theory]
    [InlineData("a LOGIN {5}", 5, true)]
    [InlineData("a LOGIN {5+}", 5, false)]
    [InlineData("{0}", 0, true)]
    public void Finds_literals_at_line_ends(string line, long length, bool waits)
    {
        Assert.True(ImapCommandReader.TryLiteral(Encoding.ASCII.GetBytes(line), out var found));
        Assert.Equal(new(length, waits), found);
    }

    [Theory]
    [InlineData("a {5} b")]
    [InlineData("a {x}")]
    [InlineData("a }")]
    [InlineData("a {}")]
    public void Other_lines_have_none(string line) => Assert.False(ImapCommandReader.TryLiteral(Encoding.ASCII.GetBytes(line), out _));

    [Theory]
    [InlineData("\"17-Jul-1996 02:44:25 -0700\"", "1996-07-17T09:44:25Z")]
    [InlineData("\" 7-Jul-1996 02:44:25 +0530\"", "1996-07-06T21:14:25Z")]
    [InlineData("\"31-Dec-2016 23:59:60 +0000\"", "2017-01-01T00:00:00Z")]
    [InlineData("\"01-jan-2026 00:00:00 -0000\"", "2026-01-01T00:00:00Z")]
    public void A_date_and_time_is_taken_as_utc(string wire, string utc) =>
        Assert.Equal(DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture), new ImapReader(Encoding.ASCII.GetBytes(wire)).DateTime());

    [Theory]
    [InlineData("\"7-Jul-1996 02:44:25 +0000\"")]
    [InlineData("\"30-Feb-1996 02:44:25 +0000\"")]
    [InlineData("\"17-Jul-1996 24:44:25 +0000\"")]
    [InlineData("\"17-Jul-1996 02:44:25 0000\"")]
    [InlineData("\"17-Jul-1996 02:44:25 +00:0\"")]
    [InlineData("\"01-Jan-0001 00:00:00 +0100\"")]
    [InlineData("\"\"")]
    public void Other_dates_and_times_are_refused(string wire) =>
        Assert.Throws<ImapSyntaxException>(() => new ImapReader(Encoding.ASCII.GetBytes(wire)).DateTime());

    [Theory]
    [InlineData(" 1 BODY[1.2.HEADER.FIELDS.NOT (To \"a b\")]", null)]
    [InlineData(" 1 BODY.PEEK[1.MIME]<0.10>", "BODY[1.MIME]<0>")]
    [InlineData(" 1 body[header.fields (Subject)]", "BODY[HEADER.FIELDS (Subject)]")]
    [InlineData(" 1 (FLAGS RFC822.HEADER)", "RFC822.HEADER")]
    [InlineData(" 1 BODY[MIME]", null)]
    [InlineData(" 1 BODY[]<5.0>", null)]
    [InlineData(" 1 (ALL)", null)]
    public void Parses_sections(string wire, string? name)
    {
        if (name is null)
        {
            Assert.Throws<ImapSyntaxException>(() => Fetch.Parse(new(Encoding.ASCII.GetBytes(wire))));
            return;
        }

        Assert.Equal(name, Fetch.Parse(new(Encoding.ASCII.GetBytes(wire))).Items.Sections.Single().ResponseName);
    }

    [Fact]
    public void Macros_stand_for_their_items() => Assert.Equal(
        FetchFields.Flags | FetchFields.InternalDate | FetchFields.Size | FetchFields.Envelope | FetchFields.Body,
        Fetch.Parse(new(" 1:* FULL"u8)).Items.Fields);

    [Theory]
    [InlineData("*", "a/b", true)]
    [InlineData("%", "a", true)]
    [InlineData("%", "a/b", false)]
    [InlineData("a/%", "a/b", true)]
    [InlineData("%/c*", "a/b/c", false)]
    [InlineData("*/c", "a/b/c", true)]
    [InlineData("*b%d", "a/bb/bcd", true)]
    [InlineData("inbox", "INBOX", true)]
    [InlineData("sent", "Sent", false)]
    [InlineData("", "a", false)]
    [InlineData("a%b%c", "axbybzc", true)]
    [InlineData("a%b%c", "axb/bzc", false)]
    [InlineData("*%b", "a/b/ab", true)]
    [InlineData("%*%", "a/b", true)]
    [InlineData("%%", "a/b", false)]
    [InlineData("*a/b%c", "x/aa/bxxc", true)]
    [InlineData("inbox/%", "INBOX/a", true)]
    [InlineData("inbox/b%", "INBOX/B", false)]
    [InlineData("abc", "ab", false)]
    public void Patterns_match_folders(string pattern, string name, bool matches) => Assert.Equal(matches, ListPattern.Matches(pattern, name));

    // By trying each place of a name with each wildcard these take longer than anybody waits; the test does not end then.
    [Theory]
    [InlineData("*%", 1, "a", 1_000_000, 100_000)]
    [InlineData("*a%a", 400, "a", 300, 20_000)]
    [InlineData("*%", 10_000, "a", 500, 20_000)]
    public void The_work_of_a_pattern_is_bounded_by_its_length_and_the_names(string wildcards, int times, string letters, int count, int length) =>
        Assert.False(ListPattern.Matches(string.Concat(Enumerable.Repeat(wildcards, times)) + string.Concat(Enumerable.Repeat(letters, count)) + "b", new string('a', length)));
}
