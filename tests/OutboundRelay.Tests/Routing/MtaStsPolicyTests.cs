using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

public sealed class MtaStsPolicyTests
{
    private const string Whole = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\nmax_age: 604800\r\n";

    [Fact]
    public void A_policy_is_read()
    {
        foreach (var text in new[] { Whole, Whole.Replace("\r\n", "\n", StringComparison.Ordinal), Whole.Replace(": ", ":", StringComparison.Ordinal) + "new: thing\nmode: none\n" })
        {
            var policy = MtaStsPolicy.Parse(text);
            Assert.Equal((MtaStsMode.Enforce, TimeSpan.FromDays(7)), (policy.Mode, policy.MaxAge));
            Assert.Equal(["mail.example.com", "*.example.net"], policy.Mx);
        }
    }

    [Theory]
    [InlineData("mode: enforce\nmx: a.test\nmax_age: 1")]
    [InlineData("version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1")]
    [InlineData("version: STSv1\nmode: forced\nmx: a.test\nmax_age: 1")]
    [InlineData("version: STSv1\nmode: enforce\nmax_age: 1")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1")]
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 31557601")]
    [InlineData("<html>")]
    [InlineData("")]
    public void What_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => MtaStsPolicy.Parse(text));

    [Theory]
    [InlineData("mail.example.com", true)]
    [InlineData("MAIL.example.com", true)]
    [InlineData("other.example.com", false)]
    [InlineData("a.example.net", true)]
    [InlineData("a.b.example.net", false)]
    [InlineData("example.net", false)]
    [InlineData("aexample.net", false)]
    public void A_wildcard_stands_for_one_label(string host, bool isNamed) => Assert.Equal(isNamed, MtaStsPolicy.Parse(Whole).Names(host));

    [Theory]
    [InlineData("v=STSv1; id=20160831085700Z;", "20160831085700Z")]
    [InlineData("v=STSv1;id=1", "1")]
    [InlineData("v=STSv1; ext=x; id=1", "1")]
    [InlineData("v=STSv1; id=", null)]
    [InlineData("v=STSv1; id=a-b", null)]
    [InlineData("v=STSv1; id=123456789012345678901234567890123", null)]
    [InlineData(" v=STSv1; id=1", null)]
    [InlineData("id=1; v=STSv1", null)]
    public void A_record_names_the_policys_id(string record, string? id) => Assert.Equal(id, MtaStsPolicy.IdOf([record, "another record"]));
}
