using MailCloud.SmtpIngress.Commands;

namespace MailCloud.SmtpIngress.Tests;

public sealed class PathArgumentTests
{
    [Theory]
    [InlineData("QQ314159", "QQ314159")]
    [InlineData("a+2Bb+3Dc", "a+b=c")]
    [InlineData("gr+C3+BCn", "grün")]
    [InlineData("utf-8;grün", "utf-8;grün")]
    [InlineData("utf-8;😀@x+2By", "utf-8;😀@x+y")]
    public void Xtext_is_decoded(string text, string expected) => Assert.Equal(expected, PathArgument.DecodeXtext(text));

    [Theory]
    [InlineData("+")]
    [InlineData("a+4")]
    [InlineData("a+xy")]
    [InlineData("a+0Ab")]
    [InlineData("a+7F")]
    public void What_is_no_xtext_is_refused(string text) => Assert.Null(PathArgument.DecodeXtext(text));
}
