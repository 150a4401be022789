using MailCloud.Web.Jmap;

namespace MailCloud.Web.Tests.Jmap;

public sealed class JmapOptionsTests
{
    [Fact]
    public void What_is_there_by_default_is_right() => Assert.Empty(new JmapOptions { Origins = "https://app.example.com, http://localhost:3000" }.Errors());

    [Theory]
    [InlineData("https://app.example.com/")]
    [InlineData("https://app.example.com/path")]
    [InlineData("app.example.com")]
    [InlineData("ftp://app.example.com")]
    public void Origins_are_origins(string origin) => Assert.Single(new JmapOptions { Origins = $"https://good.example, {origin}" }.Errors());

    [Fact]
    public void Limits_are_above_zero() => Assert.Equal(3, new JmapOptions { MaxCallsInRequest = 0, UploadsOctets = 1, MaxHold = TimeSpan.FromSeconds(-1) }.Errors().Count());
}
