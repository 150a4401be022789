using System.Text;
using MailCloud.MailboxAccess.Imap.Fetch;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>A long header gives the same fields as a short one.</summary>
public sealed class ChosenFieldsTests
{
    [Theory]
    [InlineData("Subject: a\r\nTo: b\r\n\r\n")]
    [InlineData("Subject: a\r\n folded\r\nsubject : again\r\n\tmore\r\nTo: b\r\n\r\nbody: no\r\n")]
    [InlineData("no field\r\nSubject: a\r\n continued\r\n")]
    [InlineData("Subject: a")]
    [InlineData("Subject")]
    [InlineData("")]
    [InlineData("\r\nSubject: not here\r\n")]
    [InlineData("Subject: a\nTo: b\n\nx")]
    [InlineData(" begins folded\r\nSubject: a\r\n\r\n")]
    public async Task The_same_fields_come_in_pieces(string header)
    {
        var octets = Encoding.Latin1.GetBytes(header);
        foreach (var text in (SectionText[])[SectionText.HeaderFields, SectionText.HeaderFieldsNot])
        {
            var section = new BodySection([], text, ["SUBJECT", "x-other"]);
            await using var chosen = new ChosenFields(new Slow(octets), section);
            var made = new MemoryStream();
            await chosen.CopyToAsync(made);
            Assert.Equal(Encoding.Latin1.GetString(HeaderFields.Choose(octets, section)), Encoding.Latin1.GetString(made.ToArray()));
        }
    }

    private sealed class Slow(byte[] octets) : MemoryStream(octets)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
