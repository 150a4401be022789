using MailCloud.MailboxContracts;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using static Microsoft.IdentityModel.Tokens.SecurityAlgorithms;

namespace MailCloud.Oidc.Tests;

public sealed class TokenValidationTests : IAsyncLifetime
{
    private const string Ann = "ann@example.test";

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private TestIssuer issuer = null!;

    public async Task InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        issuer.Time = time;
    }

    public async Task DisposeAsync() => await issuer.DisposeAsync();

    [Theory]
    [InlineData(RsaSha256)]
    [InlineData(RsaSha512)]
    [InlineData(RsaSsaPssSha256)]
    [InlineData(EcdsaSha256)]
    public async Task A_token_names_its_account(string algorithm)
    {
        var finding = await ValidateAsync(issuer.TokenFor("Ann@Example.test", algorithm: algorithm));
        Assert.Equal((TokenFault.None, Ann), (finding.Fault, finding.Account.Key));
    }

    [Theory]
    [InlineData("iss", "http://127.0.0.1/other", "Issuer")]
    [InlineData("iss", null, "Issuer")]
    [InlineData("aud", "calendar", "Audience")]
    [InlineData("aud", "mail/", "Audience")]
    [InlineData("aud", null, "Audience")]
    [InlineData("exp", null, "Lifetime")]
    [InlineData("email", null, "Account")]
    [InlineData("email", "Ann", "Account")]
    [InlineData("email_verified", false, "Account")]
    [InlineData("email_verified", true, "None")]
    public async Task Every_claim_counts(string claim, object? value, string fault) =>
        Assert.Equal(fault, await FaultAsync(issuer.TokenFor(Ann, claims => claims[claim] = value)));

    [Fact]
    public async Task One_audience_of_several_is_enough() =>
        Assert.Equal("None", await FaultAsync(issuer.TokenFor(Ann, claims => claims["aud"] = (string[])["calendar", "mail"])));

    [Fact]
    public async Task A_token_is_taken_from_its_time_to_its_end_and_a_minute_for_the_clocks()
    {
        var token = issuer.TokenFor(Ann);
        time.Advance(TimeSpan.FromMinutes(60.9));
        Assert.Equal("None", await FaultAsync(token));
        time.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal("Lifetime", await FaultAsync(token));
        var begins = time.GetUtcNow().ToUnixTimeSeconds() + 120;
        var early = issuer.TokenFor(Ann, claims => claims["nbf"] = begins);
        Assert.Equal("Lifetime", await FaultAsync(early));
        time.Advance(TimeSpan.FromMinutes(1.1));
        Assert.Equal("None", await FaultAsync(early));
    }

    [Fact]
    public async Task Only_signatures_count_that_nobody_but_the_issuer_can_make()
    {
        Assert.Equal("Algorithm", await FaultAsync(issuer.UnsignedFor(Ann)));
        Assert.Equal("Algorithm", await FaultAsync(issuer.ForgedFor(Ann)));
        await using var other = await TestIssuer.StartAsync();
        Assert.Equal("UnknownKey", await FaultAsync(issuer.TokenFor(Ann, key: other.Rsa)));
        var token = issuer.TokenFor(Ann);
        var changed = issuer.TokenFor("bob@example.test").Split('.')[1];
        Assert.Equal("Signature", await FaultAsync(string.Join('.', token.Split('.')[0], changed, token.Split('.')[2])));
        Assert.Equal("UnknownKey", await FaultAsync(issuer.TokenFor(Ann, key: new RsaSecurityKey(((RsaSecurityKey)issuer.Rsa).Rsa))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("opaque")]
    [InlineData("a.b.c")]
    [InlineData("e30.e30.e30")]
    [InlineData("e30.e30.e30.e30.e30")]
    public async Task What_is_no_token_is_refused(string token) => Assert.Contains(await FaultAsync(token), (string[])["Malformed", "Algorithm"]);

    [Fact]
    public async Task Scopes_are_found_in_the_forms_of_the_standard_and_of_others()
    {
        string[] needed = ["mail.access", "mail.send"];
        Assert.Equal("Scope", await FaultAsync(issuer.TokenFor(Ann), needed));
        Assert.Equal("Scope", await FaultAsync(issuer.TokenFor(Ann, claims => claims["scope"] = "mail.access"), needed));
        Assert.Equal("None", await FaultAsync(issuer.TokenFor(Ann, claims => claims["scope"] = "openid mail.send mail.access"), needed));
        Assert.Equal("None", await FaultAsync(issuer.TokenFor(Ann, claims => claims["scp"] = "mail.send mail.access"), needed));
        Assert.Equal("None", await FaultAsync(issuer.TokenFor(Ann, claims => claims["scp"] = needed), needed));
    }

    [Fact]
    public async Task Another_claim_may_name_the_account()
    {
        var token = issuer.TokenFor("else@example.test", claims => claims["preferred_username"] = Ann);
        var finding = await ValidateAsync(token, Trusted([]) with { AccountClaim = "preferred_username" });
        Assert.Equal(Ann, finding.Account.Key);
        Assert.Equal(TokenFault.Account, (await ValidateAsync(token, Trusted([]) with { AccountClaim = "sub" })).Fault);
    }

    private OidcIssuer Trusted(string[] scopes) => new() { Issuer = issuer.Issuer, Audiences = ["other", TestIssuer.Audience], Scopes = scopes };

    private async Task<string> FaultAsync(string token, string[]? scopes = null) => (await ValidateAsync(token, Trusted(scopes ?? []))).Fault.ToString();

    private Task<TokenFinding> ValidateAsync(string token, OidcIssuer? trusted = null) =>
        new TokenValidation(time).ValidateAsync(token, trusted ?? Trusted([]), [issuer.Rsa, issuer.Ec]).AsTask();
}
