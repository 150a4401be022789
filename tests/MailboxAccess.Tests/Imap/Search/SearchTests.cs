using System.Text;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxAccess.Imap.Search;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>SEARCH over real grains: large folders, large bodies, text in every charset.</summary>
public sealed class SearchTests(ImapServer server) : IClassFixture<ImapServer>
{
    static SearchTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Theory]
    [InlineData("utf-8", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("gb18030", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("gbk", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("gb2312", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("hz-gb-2312", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("big5", "\u4f60\u597d\u4e16\u754c")]
    [InlineData("iso-2022-jp", "\u3053\u3093\u306b\u3061\u306f")]
    [InlineData("shift_jis", "\u3053\u3093\u306b\u3061\u306f")]
    [InlineData("euc-jp", "\u3053\u3093\u306b\u3061\u306f")]
    [InlineData("iso-2022-kr", "\uc548\ub155")]
    [InlineData("euc-kr", "\uc548\ub155")]
    [InlineData("koi8-r", "\u041f\u0440\u0438\u0432\u0435\u0442")]
    [InlineData("iso-8859-1", "Gr\u00fc\u00dfe")]
    public async Task Text_is_found_whatever_charset_mail_and_client_use(string charset, string text)
    {
        var octets = Encoding.GetEncoding(charset).GetBytes(text);
        var word = $"=?{charset}?b?{Convert.ToBase64String(octets)}?=";
        var quoted = string.Concat(octets.Select(o => $"={o:X2}"));
        byte[][] mails =
        [
            Encoding.ASCII.GetBytes($"Subject: other\r\n\r\nnothing\r\n"),
            Encoding.ASCII.GetBytes($"Subject: Re: {word}\r\n\r\nnothing\r\n"),
            Encoding.ASCII.GetBytes($"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(octets)}\r\n"),
            Encoding.ASCII.GetBytes($"Content-Type: text/html; charset=\"{charset}\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>{quoted}</p>\r\n"),
            [.. Encoding.ASCII.GetBytes($"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"), .. octets],
        ];
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync(mails));
        foreach (var (sent, name) in new[] { (octets, charset), (Encoding.UTF8.GetBytes(text.ToLowerInvariant()), "UTF-8") })
        {
            var literal = $"{{{sent.Length}+}}\r\n{Encoding.Latin1.GetString(sent)}";
            Assert.StartsWith("* SEARCH 2\r\n", await dialog.AskAsync($"SEARCH CHARSET {name} SUBJECT {literal}"), StringComparison.Ordinal);
            Assert.StartsWith("* SEARCH 3 4 5\r\n", await dialog.AskAsync($"SEARCH CHARSET {name} BODY {literal}"), StringComparison.Ordinal);
            Assert.StartsWith("* SEARCH 2 3 4 5\r\n", await dialog.AskAsync($"SEARCH CHARSET {name} TEXT {literal}"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_match_is_found_anywhere_in_a_large_body()
    {
        var filler = new string('\u4e00', 60_000);
        var text = Encoding.UTF8.GetBytes(filler + "\u4f60\u597d" + filler + "Ende");
        byte[] mail = [.. "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"u8, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(text, Base64FormattingOptions.InsertLineBreaks))];
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync(mail, "\r\nnone"u8.ToArray()));
        foreach (var (wanted, found) in new[] { ("\u4e00\u4f60\u597d\u4e00", "* SEARCH 1\r\n"), ("\u4e00ENDE", "* SEARCH 1\r\n"), ("\u597d\u4f60", "* SEARCH\r\n") })
        {
            var octets = Encoding.UTF8.GetBytes(wanted);
            Assert.StartsWith(found, await dialog.AskAsync($"SEARCH BODY {{{octets.Length}+}}\r\n{Encoding.Latin1.GetString(octets)}"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Results_over_several_pages_are_one_response()
    {
        var user = await server.CreateAccountAsync([.. Enumerable.Range(1, 1200).Select(i => Encoding.ASCII.GetBytes($"Subject: {(i % 3 == 0 ? "fizz" : "other")}\r\n\r\nx"))]);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        var expected = string.Concat(Enumerable.Range(1, 400).Select(i => $" {i * 3}"));
        Assert.StartsWith($"* SEARCH{expected}\r\n", await dialog.AskAsync("SEARCH SUBJECT FIZZ"), StringComparison.Ordinal);
        Assert.StartsWith("* ESEARCH (TAG \"t\") UID MIN 3 MAX 1200 COUNT 400\r\n", await dialog.AskAsync("UID SEARCH RETURN (COUNT MIN MAX) SUBJECT FIZZ"), StringComparison.Ordinal);
        Assert.StartsWith("* ESEARCH (TAG \"t\") ALL 1000:1200\r\n", await dialog.AskAsync("SEARCH RETURN () 1000:* UNSEEN"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALL", "View")]
    [InlineData("1:5 UID 3:* NOT RECENT", "View")]
    [InlineData("SUBJECT x UNSEEN", "Content")]
    [InlineData("OR BODY x 1", "Body")]
    [InlineData("NOT (SEEN OLDER 5)", "Row")]
    [InlineData("MODSEQ 5", "Row")]
    public void A_key_says_what_it_must_see(string keys, string cost) => Assert.Equal(Enum.Parse<SearchCost>(cost), Parse(keys).Key.Cost);

    [Theory]
    [InlineData("MODSEQ 620 UNSEEN", 619)]
    [InlineData("MODSEQ \"/flags/\\\\draft\" all 620", 619)]
    [InlineData("OR MODSEQ 620 SEEN", 0)]
    [InlineData("NOT MODSEQ 620", 0)]
    [InlineData("MODSEQ 0", 0)]
    public void Only_changed_messages_are_read_where_that_decides(string keys, long since) => Assert.Equal(since, Parse(keys).Key.ChangedSince);

    [Theory]
    [InlineData("1", 1000)]
    [InlineData("(SEEN)", 500)]
    [InlineData("TEXT x", 50)]
    public void Keys_are_bounded(string key, int most)
    {
        Assert.NotNull(Parse(string.Join(' ', Enumerable.Repeat(key, most))));
        Assert.Throws<SearchLimitException>(() => Parse(string.Join(' ', Enumerable.Repeat(key, most + 1))));
    }

    private static SearchRequest Parse(string keys) => new SearchParser(new(Encoding.ASCII.GetBytes(" " + keys)), default).Parse();
}
