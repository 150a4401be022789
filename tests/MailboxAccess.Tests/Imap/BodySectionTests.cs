using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Tests.Imap;

public sealed class BodySectionTests
{
    // A multipart: 1 text, 2 a message whose body is text. Prefix 10, body 500 octets.
    private static readonly BodyPart Root = new()
    {
        Type = "multipart",
        Subtype = "mixed",
        BodyOffset = 100,
        BodyLength = 400,
        Parts =
        [
            Part(110, 130, 50),
            Part(190, 220, 200) with
            {
                Type = "message", Subtype = "rfc822", Envelope = new(), Parts = [Part(220, 260, 160)],
            },
        ],
    };

    [Theory]
    [InlineData("", "All", 0, 510)]
    [InlineData("", "Header", 0, 110)]
    [InlineData("", "Text", 110, 400)]
    [InlineData("1", "All", 140, 50)]
    [InlineData("1", "Mime", 120, 20)]
    [InlineData("2", "All", 230, 200)]
    [InlineData("2", "Header", 230, 40)]
    [InlineData("2", "Text", 270, 160)]
    [InlineData("2.1", "All", 270, 160)]
    [InlineData("2", "Mime", 200, 30)]
    public void Sections_stand_in_the_message(string path, string text, long offset, long length) =>
        Assert.Equal(new OctetRange(offset, length), Section(path, text).Locate(Root, 10, 500));

    [Theory]
    [InlineData("3", "All")]
    [InlineData("1.1", "All")]
    [InlineData("1", "Header")]
    [InlineData("2.2", "All")]
    [InlineData("2.1.1", "All")]
    public void Parts_that_are_not_there_are_none(string path, string text) => Assert.Null(Section(path, text).Locate(Root, 10, 500));

    [Theory]
    [InlineData(0u, 5u, 0, 5)]
    [InlineData(8u, 5u, 8, 2)]
    [InlineData(10u, 5u, 10, 0)]
    [InlineData(99u, 5u, 10, 0)]
    public void Partial_ranges_end_with_the_section(uint from, uint count, long offset, long length) =>
        Assert.Equal(new OctetRange(offset, length), new OctetRange(0, 10).Slice(new(from, count)));

    private static BodySection Section(string path, string text) => new([.. path.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)], Enum.Parse<SectionText>(text), []);

    private static BodyPart Part(long header, long body, long length) =>
        new() { Type = "text", Subtype = "plain", HeaderOffset = header, BodyOffset = body, BodyLength = length };
}
