using MailCloud.Credentials;

namespace MailCloud.Credentials.Tests;

public sealed class SaslPrepTests
{
    // The first six are RFC 4013 §3's examples.
    [Theory]
    [InlineData("I\u00adX", "IX")]
    [InlineData("user", "user")]
    [InlineData("USER", "USER")]
    [InlineData("\u00aa", "a")]
    [InlineData("\u2168", "IX")]
    [InlineData("\u0007", null)]
    [InlineData("\u0627\u0031", null)]
    [InlineData("\u0627\u0031\u0628", "\u0627\u0031\u0628")]
    [InlineData("a\u0627", null)]
    [InlineData("a\u00a0b\u3000c", "a b c")]
    [InlineData("pass\u200bword", "pass word")]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\ue000", null)]
    [InlineData("\ufffd", null)]
    [InlineData("\u202e", null)]
    [InlineData("\ud800", null)]
    [InlineData("x\udc00y", null)]
    [InlineData("\ufdd0", null)]
    [InlineData("\U0001F600", "\U0001F600")]
    [InlineData("\U0001FFFE", null)]
    [InlineData("\U000E0001", null)]
    public void Text_is_prepared_or_refused(string text, string? expected)
    {
        var ok = SaslPrep.TryPrepare(text, out var prepared);
        Assert.Equal(expected is not null, ok);
        if (ok)
        {
            Assert.Equal(expected, prepared);
        }
    }
}
