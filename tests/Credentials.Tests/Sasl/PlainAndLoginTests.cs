using System.Net;
using System.Text;
using MailCloud.Credentials.Sasl;

namespace MailCloud.Credentials.Tests.Sasl;

public sealed class PlainAndLoginTests : IDisposable
{
    private readonly LoginServices services = new();

    private SaslMechanisms Mechanisms => services.Mechanisms;

    public void Dispose() => services.Dispose();

    [Fact]
    public async Task Plain_takes_an_initial_response()
    {
        var step = await Plain().NextAsync(Octets("\0user\0pencil"), default);
        var authenticated = Assert.IsType<SaslStep.Authenticated>(step);
        Assert.Equal(("user", ""), (authenticated.Username, authenticated.AuthorizationId));
        Assert.NotNull(authenticated.Rehash);
    }

    [Fact]
    public async Task Plain_asks_when_there_is_no_initial_response()
    {
        var exchange = Plain();
        Assert.True(Assert.IsType<SaslStep.Challenge>(await exchange.NextAsync(null, default)).Octets.IsEmpty);
        Assert.IsType<SaslStep.Authenticated>(await exchange.NextAsync(Octets("\0user\0pencil"), default));
    }

    [Fact]
    public async Task The_authorization_identity_is_handed_on() =>
        Assert.Equal("other", Assert.IsType<SaslStep.Authenticated>(await Plain().NextAsync(Octets("other\0user\0pencil"), default)).AuthorizationId);

    [Theory]
    [InlineData("\0user\0pen")]
    [InlineData("\0nobody\0pencil")]
    public async Task Wrong_credentials_fail(string message) =>
        Assert.IsType<SaslStep.Failed>(await Plain().NextAsync(Octets(message), default));

    [Theory]
    [InlineData("")]
    [InlineData("user")]
    [InlineData("\0user")]
    [InlineData("\0\0pencil")]
    [InlineData("\0user\0")]
    [InlineData("\0user\0pencil\0")]
    public async Task What_is_no_plain_message_is_malformed(string message) =>
        Assert.IsType<SaslStep.Malformed>(await Plain().NextAsync(Octets(message), default));

    [Fact]
    public async Task Octets_that_are_no_utf8_or_too_many_are_malformed()
    {
        Assert.IsType<SaslStep.Malformed>(await Plain().NextAsync(new byte[] { 0, 0xE9, 0, 0x80 }, default));
        Assert.IsType<SaslStep.Malformed>(await Plain().NextAsync(Octets("\0user\0" + new string('x', 5000)), default));
    }

    [Fact]
    public async Task Login_asks_for_name_and_password()
    {
        var exchange = Login();
        Assert.Equal("Username:", Text(await exchange.NextAsync(null, default)));
        Assert.Equal("Password:", Text(await exchange.NextAsync(Octets("user"), default)));
        Assert.Equal("user", Assert.IsType<SaslStep.Authenticated>(await exchange.NextAsync(Octets("pencil"), default)).Username);
    }

    [Fact]
    public async Task Login_takes_the_name_as_initial_response()
    {
        var exchange = Login();
        Assert.Equal("Password:", Text(await exchange.NextAsync(Octets("user"), default)));
        Assert.IsType<SaslStep.Failed>(await exchange.NextAsync(Octets("pen"), default));
    }

    [Fact]
    public async Task Login_without_a_name_is_malformed()
    {
        var exchange = Login();
        await exchange.NextAsync(null, default);
        Assert.IsType<SaslStep.Malformed>(await exchange.NextAsync(Octets(""), default));
    }

    [Fact]
    public void What_is_offered_depends_on_the_connection()
    {
        Assert.Equal(["SCRAM-SHA-256"], SaslMechanisms.Offered(ChannelBindings.None, passwordsAllowed: false));
        Assert.Equal(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"], SaslMechanisms.Offered(new([1], null), passwordsAllowed: true));
        Assert.All(SaslMechanisms.Offered(new([1], [2]), true), name => Assert.NotNull(Mechanisms.Start(name, ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, LoginServices.CheckTokenAsync)));
        Assert.NotNull(Mechanisms.Start("plain", ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, LoginServices.CheckTokenAsync));
        Assert.Null(Mechanisms.Start("CRAM-MD5", ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, LoginServices.CheckTokenAsync));
    }

    private SaslExchange Plain() => Mechanisms.Start("PLAIN", ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, LoginServices.CheckTokenAsync)!;

    private SaslExchange Login() => Mechanisms.Start("LOGIN", ChannelBindings.None, IPAddress.Loopback, services.LookupAsync, LoginServices.CheckTokenAsync)!;

    private static ReadOnlyMemory<byte> Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(SaslStep step) => Encoding.UTF8.GetString(Assert.IsType<SaslStep.Challenge>(step).Octets.Span);
}
