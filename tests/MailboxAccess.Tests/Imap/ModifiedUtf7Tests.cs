using MailCloud.MailboxAccess.Imap;

namespace MailCloud.MailboxAccess.Tests.Imap;

public class ModifiedUtf7Tests
{
    [Theory]
    [InlineData("INBOX", "INBOX")]
    [InlineData("Entwürfe", "Entw&APw-rfe")]
    [InlineData("A&B", "A&-B")]
    [InlineData("台北", "&U,BTFw-")]
    [InlineData("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-")] // RFC 3501 §5.1.3
    [InlineData("😀", "&2D3eAA-")]
    public void Encodes_and_decodes(string name, string wire)
    {
        Assert.Equal(wire, ModifiedUtf7.Encode(name));
        Assert.True(ModifiedUtf7.TryDecode(wire, out var decoded));
        Assert.Equal(name, decoded);
    }

    [Theory]
    [InlineData("A&B")]
    [InlineData("&AGE-")] // "a" needs no encoding
    [InlineData("&U,BTFw-&ZeVnLIqe-")] // a superfluous shift, RFC 3501 §5.1.3
    [InlineData("&U/BTFw-")]
    [InlineData("\u00fc")]
    [InlineData("&A-")]
    public void Refuses_what_no_encoder_makes(string wire) => Assert.False(ModifiedUtf7.TryDecode(wire, out _));
}
