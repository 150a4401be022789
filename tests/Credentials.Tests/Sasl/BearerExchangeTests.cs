using System.Net;
using System.Text;
using MailCloud.Credentials.Sasl;

namespace MailCloud.Credentials.Tests.Sasl;

/// <summary>OAUTHBEARER by RFC 7628's examples, and XOAUTH2 by Google's; ^A is written as |.</summary>
public sealed class BearerExchangeTests : IDisposable
{
    private const string Token = "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==";

    private readonly LoginServices services = new();
    private readonly List<(string Username, string Token)> checkedTokens = [];

    public void Dispose() => services.Dispose();

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=user@example.com,|host=server.example.com|port=143|auth=Bearer " + Token + "||")]
    [InlineData("OAUTHBEARER", "y,a=user@example.com,|auth=bearer " + Token + "||")]
    [InlineData("XOAUTH2", "user=user@example.com|auth=Bearer " + Token + "||")]
    public async Task A_name_and_a_token_are_handed_on(string mechanism, string message)
    {
        var step = await Start(mechanism, new TokenVerdict.Accepted()).NextAsync(Octets(message), default);
        Assert.Equal(("user@example.com", ""), step is SaslStep.Authenticated done ? (done.Username, done.AuthorizationId) : default);
        Assert.Equal([("user@example.com", Token)], checkedTokens);
    }

    [Fact]
    public async Task A_name_is_unescaped()
    {
        await Start("OAUTHBEARER", new TokenVerdict.Accepted()).NextAsync(Octets("n,a=a=2Cb=3Dc@example.com,|auth=Bearer x||"), default);
        Assert.Equal([("a,b=c@example.com", "x")], checkedTokens);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=user@example.com,|auth=Bearer x||")]
    [InlineData("XOAUTH2", "user=user@example.com|auth=Bearer x||")]
    public async Task The_server_asks_when_there_is_no_initial_response(string mechanism, string message)
    {
        var exchange = Start(mechanism, new TokenVerdict.Accepted());
        Assert.True(Assert.IsType<SaslStep.Challenge>(await exchange.NextAsync(null, default)).Octets.IsEmpty);
        Assert.IsType<SaslStep.Authenticated>(await exchange.NextAsync(Octets(message), default));
    }

    [Theory]
    [InlineData("OAUTHBEARER", "n,a=user@example.com,|auth=Bearer x||", """{"status":"invalid_token","scope":"mail send","openid-configuration":"https://id.test/c"}""", "|")]
    [InlineData("XOAUTH2", "user=user@example.com|auth=Bearer x||", """{"status":"401","schemes":"bearer","scope":"mail send"}""", "")]
    public async Task A_refusal_is_a_challenge_and_fails_with_whatever_answers_it(string mechanism, string message, string description, string answer)
    {
        var exchange = Start(mechanism, new TokenVerdict.Refused("invalid_token", "mail send", "https://id.test/c"));
        Assert.Equal(description, Encoding.UTF8.GetString(Assert.IsType<SaslStep.Challenge>(await exchange.NextAsync(Octets(message), default)).Octets.Span));
        Assert.IsType<SaslStep.Failed>(await exchange.NextAsync(Octets(answer), default));
        Assert.Single(checkedTokens);
    }

    [Fact]
    public async Task Who_has_no_token_asks_where_to_get_one()
    {
        // RFC 7628 §4.3.
        var exchange = Start("OAUTHBEARER", new TokenVerdict.Refused("invalid_token", null, null));
        Assert.IsType<SaslStep.Challenge>(await exchange.NextAsync(Octets("n,a=user@example.com,|host=server.example.com|port=143|auth=||"), default));
        Assert.Equal([("user@example.com", "")], checkedTokens);
    }

    [Fact]
    public async Task A_token_that_could_not_be_checked_fails_for_now() =>
        Assert.IsType<SaslStep.TryLater>(await Start("XOAUTH2", new TokenVerdict.TryLater()).NextAsync(Octets("user=u@example.com|auth=Bearer x||"), default));

    [Theory]
    [InlineData("OAUTHBEARER", "")]
    [InlineData("OAUTHBEARER", "n,,|auth=Bearer x||")]
    [InlineData("OAUTHBEARER", "n,a=,|auth=Bearer x||")]
    [InlineData("OAUTHBEARER", "n,a=a=b,|auth=Bearer x||")]
    [InlineData("OAUTHBEARER", "p=tls-exporter,a=u@example.com,|auth=Bearer x||")]
    [InlineData("OAUTHBEARER", "n,a=u@example.com,|auth=Bearer x|")]
    [InlineData("OAUTHBEARER", "n,a=u@example.com,|auth=Bearer x||more")]
    [InlineData("OAUTHBEARER", "n,a=u@example.com,|auth=Basic x||")]
    [InlineData("OAUTHBEARER", "n,a=u@example.com,|auth=Bearer x|auth=Bearer y||")]
    [InlineData("OAUTHBEARER", "n,a=u@example.com,|host=h||")]
    [InlineData("XOAUTH2", "")]
    [InlineData("XOAUTH2", "auth=Bearer x||")]
    [InlineData("XOAUTH2", "user=|auth=Bearer x||")]
    [InlineData("XOAUTH2", "user=u@example.com|auth=Bearer x y||")]
    [InlineData("XOAUTH2", "user=u@example.com|junk|auth=Bearer x||")]
    public async Task What_is_no_message_is_malformed(string mechanism, string message)
    {
        var step = await Start(mechanism, new TokenVerdict.Accepted()).NextAsync(Octets(message), default);
        Assert.DoesNotContain("x||", Assert.IsType<SaslStep.Malformed>(step).Why, StringComparison.Ordinal);
        Assert.Empty(checkedTokens);
    }

    [Fact]
    public async Task Tokens_may_be_long_but_no_longer_than_a_line()
    {
        var longest = new string('x', 9216 - "user=u@example.com|auth=Bearer ||".Length);
        Assert.IsType<SaslStep.Authenticated>(await Start("XOAUTH2", new TokenVerdict.Accepted()).NextAsync(Octets($"user=u@example.com|auth=Bearer {longest}||"), default));
        Assert.IsType<SaslStep.Malformed>(await Start("XOAUTH2", new TokenVerdict.Accepted()).NextAsync(Octets($"user=u@example.com|auth=Bearer {longest}x||"), default));
    }

    [Fact]
    public void A_message_does_not_print_its_token()
    {
        Assert.True(BearerMessage.TryParseXOAuth2("user=u@example.com\u0001auth=Bearer secret\u0001\u0001", out var message));
        Assert.Equal("u@example.com", message.ToString());
    }

    private SaslExchange Start(string mechanism, TokenVerdict verdict) => services.Mechanisms.Start(mechanism, ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, (username, token, _) =>
    {
        checkedTokens.Add((username, token));
        return ValueTask.FromResult(verdict);
    })!;

    private static ReadOnlyMemory<byte> Octets(string text) => Encoding.UTF8.GetBytes(text.Replace('|', '\u0001'));
}
