using Xunit.Sdk;

namespace MailCloud.MessageView.Tests;

/// <summary>The rules that all other tests rely on find what they are there to find.</summary>
public sealed class OutputRulesTests
{
    [Theory]
    [InlineData("<script>x</script>")]
    [InlineData("<img onerror=x>")]
    [InlineData("<svg></svg>")]
    [InlineData("<!-- x -->")]
    [InlineData("<a href='javascript:x' target=_blank rel='noopener noreferrer'>x</a>")]
    [InlineData("<a href=' https://a.test/' target=_blank rel='noopener noreferrer'>x</a>")]
    [InlineData("<a href='https://a.test/' rel='noopener noreferrer'>x</a>")]
    [InlineData("<a href='https://a.test/' target=_blank>x</a>")]
    [InlineData("<a href='/x' target=_blank rel='noopener noreferrer'>x</a>")]
    [InlineData("<img src='https://a.test/x'>")]
    [InlineData("<img src='x'>")]
    [InlineData("<p style='background: url(\"https://a.test/x\")'>x</p>")]
    [InlineData("<p style='background: url(https://a.test/x)'>x</p>")]
    [InlineData("<p style='position: fixed'>x</p>")]
    [InlineData("<p style='color: expression(x)'>x</p>")]
    [InlineData("<p id=x>x</p>")]
    [InlineData("<p class=x>x</p>")]
    [InlineData("</section>x")]
    [InlineData("<p title='")]
    [InlineData("<style>p{}</style>")]
    [InlineData("<form></form>")]
    public void A_fragment_that_acts_is_found(string html) => Assert.ThrowsAny<XunitException>(() => OutputRules.Check(html, allowRemote: false));
}
