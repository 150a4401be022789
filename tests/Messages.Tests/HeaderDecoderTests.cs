using System.Text;
using MailCloud.Messages;

namespace MailCloud.Messages.Tests;

/// <summary>Text of header fields, and the charset of text that names none.</summary>
public sealed class HeaderDecoderTests
{
    static HeaderDecoderTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("folded\r\n line", "folded line")]
    [InlineData("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Gr\u00fc\u00dfe")]
    [InlineData("=?UTF-8*de?Q?Gr=C3=BC_e?= x", "Gr\u00fc e x")]
    [InlineData("a =?iso-8859-1?q?=FC?= b", "a \u00fc b")]
    [InlineData("=?utf-8?b?5L2g?= =?utf-8?b?5aW9?=", "\u4f60\u597d")]
    [InlineData("=?utf-8?b?5L2g?=\r\n\t=?utf-8?b?5aW9?=", "\u4f60\u597d")]
    [InlineData("=?utf-8?q?=E4=BD?= =?UTF-8?b?oA==?=", "\u4f60")]
    [InlineData("=?gb2312?B?xOO6w2k=?=", "\u4f60\u597di")]
    [InlineData("=?gbk?q?=E9F?=", "\u9555")]
    [InlineData("=?big5?b?p0Gmbg==?=", "\u4f60\u597d")]
    [InlineData("=?iso-2022-jp?b?GyRCJDMkcxsoQg==?=", "\u3053\u3093")]
    [InlineData("=?euc-kr?b?vsiz5w==?=", "\uc548\ub155")]
    [InlineData("=?no-such?q?=C3=BC?=", "\u00fc")]
    [InlineData("=?utf-8?x?abc?=", "=?utf-8?x?abc?=")]
    [InlineData("=?utf-8?q?open", "=?utf-8?q?open")]
    [InlineData("=?=?utf-8?q?a?=", "=?a")]
    [InlineData("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c")]
    [InlineData("(=?utf-8?q?a?=)", "(a)")]
    public void Encoded_words_are_decoded(string value, string text) => Assert.Equal(text, HeaderDecoder.Decode(Encoding.Latin1.GetBytes(value)));

    [Theory]
    [InlineData("gb18030", "\u4f60\u597d\uff0c\u4e16\u754c")]
    [InlineData("gb18030", "Re: \u4f1a\u8bae\u7eaa\u8981 2026")]
    [InlineData("gb18030", "\u6731\u9555\u57fa\u540c\u5fd7")]
    [InlineData("utf-8", "\u4f60\u597d")]
    [InlineData("utf-8", "Gr\u00fc\u00dfe")]
    [InlineData("windows-1252", "Gr\u00fc\u00dfe aus M\u00fcnchen")]
    [InlineData("windows-1252", "na\u00efve caf\u00e9 \u201cx\u201d")]
    [InlineData("windows-1252", "\u00e9")]
    public void Raw_text_is_read_by_the_rule(string charset, string text) =>
        Assert.Equal(text, HeaderDecoder.Decode(Encoding.GetEncoding(charset).GetBytes(text)));

    /// <summary>Each word without an end, looked for to the end of the value, makes 10^14 octets of it: the test does not end then.</summary>
    [Fact]
    public void Words_without_an_end_are_looked_at_once()
    {
        var value = string.Concat(Enumerable.Repeat("=?a?q?x", 6_000_000));
        Assert.Equal(value, HeaderDecoder.Decode(Encoding.ASCII.GetBytes(value)));
        Assert.EndsWith("x=?a?q?x", HeaderDecoder.Decode(Encoding.ASCII.GetBytes("=?utf-8?q?y?=" + value)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sample_may_end_within_a_character()
    {
        Assert.Equal("utf-8", Charsets.Guess(Encoding.UTF8.GetBytes("\u4f60\u597d").AsSpan(..^1), mayBeCut: true).WebName);
        Assert.Equal("gb18030", Charsets.Guess(Encoding.GetEncoding("gb18030").GetBytes("\u4f60\u597d").AsSpan(..^1), mayBeCut: true).WebName, ignoreCase: true);
    }

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("us-ascii")]
    [InlineData("GB18030")]
    [InlineData("GBK")]
    [InlineData("gb2312")]
    [InlineData("Big5")]
    [InlineData("Big5-HKSCS")]
    [InlineData("HZ-GB-2312")]
    [InlineData("ISO-2022-JP")]
    [InlineData("ISO-2022-KR")]
    [InlineData("Shift_JIS")]
    [InlineData("EUC-JP")]
    [InlineData("EUC-KR")]
    [InlineData("KOI8-R")]
    [InlineData("windows-1251")]
    [InlineData("ISO-8859-15")]
    public void Charsets_are_known(string name)
    {
        Assert.True(Charsets.TryFind(name, out var charset));
        Assert.Equal("abc", charset.GetString("abc"u8));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("")]
    [InlineData("utf-7")]
    [InlineData("iso-2022-cn")]
    public void Others_are_not(string name) => Assert.False(Charsets.TryFind(name, out _));
}
