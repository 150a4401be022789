using MailCloud.MailboxAccess.Imap.Search;

namespace MailCloud.MailboxAccess.Tests.Imap;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("noon", "At NOON?", true)]
    [InlineData("GR\u00dc\u00dfE", "gr\u00fc\u00dfe", true)]
    [InlineData("gru\u0308\u00dfe", "Gr\u00fc\u00dfe", true)]
    [InlineData("gr\u00fc\u00dfe", "Gru\u0308\u00dfe", true)]
    [InlineData("abc", "\uff21\uff22\uff23", true)]
    [InlineData("\u4f60\u597d", "\u4f60\u597d\uff01", true)]
    [InlineData("\u0434\u0430", "\u0414\u0410", true)]
    [InlineData("u", "\u00fc", false)]
    [InlineData("x", "", false)]
    [InlineData("\ud800", "\ud800x", true)]
    public void Case_and_composition_make_no_difference(string wanted, string text, bool found)
    {
        Assert.Equal(found, new SearchText(wanted).IsIn(text));
        for (var size = 1; size < 4; size++)
        {
            // Bytes before and behind, so that a match lies across pieces.
            var padded = new string('-', 30) + text + new string('-', 30);
            var window = new SearchText(wanted).Begin();
            var seen = false;
            for (var i = 0; i < padded.Length; i += size)
            {
                seen |= window.Add(padded.AsSpan(i, Math.Min(size, padded.Length - i)), i + size >= padded.Length);
            }

            Assert.Equal(found, seen);
        }
    }
}
