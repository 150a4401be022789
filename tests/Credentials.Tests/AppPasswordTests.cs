using MailCloud.Credentials.Sasl;
using static MailCloud.Credentials.Tests.LoginServices;

namespace MailCloud.Credentials.Tests;

/// <summary>Further passwords of an account, made by the server.</summary>
public sealed class AppPasswordTests : IDisposable
{
    private readonly LoginServices services = new();

    public void Dispose() => services.Dispose();

    [Fact]
    public void A_secret_is_four_groups_of_five_letters_and_no_two_are_the_same()
    {
        var secrets = Enumerable.Range(0, 100).Select(_ => AppPasswordSecret.New()).ToList();
        Assert.All(secrets, secret => Assert.Matches("^([a-hjkmnp-z]{5}-){3}[a-hjkmnp-z]{5}$", secret));
        Assert.Equal(100, secrets.Select(AppPasswordSecret.DigestOf).Distinct().Count());
    }

    [Theory]
    [InlineData("abcde-fghjk-mnpqr-stuvw", "abcdefghjkmnpqrstuvw", true)]
    [InlineData("abcde-fghjk-mnpqr-stuvw", "Abcde fghjk mnpqr Stuvw", true)]
    [InlineData("abcde-fghjk-mnpqr-stuvw", "abcde-fghjk-mnpqr-stuvx", false)]
    public void It_may_be_typed_in_several_ways(string one, string other, bool isSame) => Assert.Equal(isSame, AppPasswordSecret.DigestOf(one) == AppPasswordSecret.DigestOf(other));

    [Theory]
    [InlineData("")]
    [InlineData("mailcloud")]
    [InlineData("abcde-fghjk-mnpqr-stuv")]
    [InlineData("abcde-fghjk-mnpqr-stuvwx")]
    [InlineData("abcde-fghjk-mnpqr-stuvi")]
    [InlineData("abcde-fghjk-mnpqr-stuv1")]
    [InlineData("abcde--fghjk-mnpqr-stuvw")]
    public void What_does_not_look_like_one_is_none(string password) => Assert.Null(AppPasswordSecret.DigestOf(password));

    [Fact]
    public async Task It_opens_the_account_without_a_derivation_and_the_accounts_own_password_still_does()
    {
        var (secret, match) = Add("user");
        var verdict = await services.CheckAsync("user", secret, Home);
        Assert.Equal((LoginAnswer.Right, match, 0), (verdict.Answer, verdict.AppPassword, services.Derivations));
        Assert.Equal([("user", "192.0.2.1")], services.AppPasswordsAsked);
        Assert.Equal(1, services.Measured["mailcloud.credentials.attempts result=app"]);

        var own = await services.CheckAsync("user", "pencil", Home);
        Assert.Equal((LoginAnswer.Right, null, 1), (own.Answer, own.AppPassword, services.Derivations));
        Assert.Single(services.AppPasswordsAsked);
    }

    [Fact]
    public async Task It_opens_an_account_without_a_password_of_its_own()
    {
        var (secret, _) = Add("silent");
        Assert.True((await services.CheckAsync("silent", secret, Home)).IsRight);
    }

    [Fact]
    public async Task A_wrong_one_counts_as_any_guess_and_unknown_names_are_asked_for_as_well()
    {
        Add("user");
        foreach (var name in (string[])["user", "nobody"])
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(LoginAnswer.Wrong, (await services.CheckAsync(name, AppPasswordSecret.New(), Attacker)).Answer);
            }

            var waiting = services.CheckAsync(name, AppPasswordSecret.New(), Attacker);
            Assert.False(waiting.IsCompleted);
            services.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(LoginAnswer.Wrong, (await waiting).Answer);
        }

        Assert.Equal(8, services.Derivations);
        Assert.Contains(("nobody", "203.0.113.1"), services.AppPasswordsAsked);
    }

    [Fact]
    public async Task One_that_was_wrong_for_a_protocol_is_right_for_the_next()
    {
        var secret = AppPasswordSecret.New();
        Assert.False((await services.CheckAsync("user", secret, Home)).IsRight);
        services.AppPasswords[("user", AppPasswordSecret.DigestOf(secret)!)] = new(Guid.NewGuid(), "phone");
        Assert.True((await services.CheckAsync("user", secret, Home)).IsRight);
    }

    [Fact]
    public async Task A_guesser_who_waits_learns_of_a_right_one_only_after_the_wait()
    {
        var (secret, _) = Add("user");
        for (var i = 0; i < 3; i++)
        {
            await services.CheckAsync("user", $"guess {i}", Attacker);
        }

        var waiting = services.CheckAsync("user", secret, Attacker);
        Assert.False(waiting.IsCompleted);
        Assert.Empty(services.AppPasswordsAsked);
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await waiting).IsRight);
    }

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task The_mechanisms_that_send_a_password_say_which_it_was(string mechanism)
    {
        var (secret, match) = Add("user");
        var exchange = services.Mechanisms.Start(mechanism, ChannelBindings.None, Home, services.LookupAsync, LoginServices.CheckTokenAsync)!;
        var responses = mechanism == "PLAIN" ? [$"\0user\0{secret}"] : (string[])["user", secret];
        SaslStep step = null!;
        foreach (var response in responses)
        {
            step = await exchange.NextAsync(System.Text.Encoding.ASCII.GetBytes(response), default);
        }

        Assert.Equal(match, Assert.IsType<SaslStep.Authenticated>(step).AppPassword);
    }

    private (string Secret, AppPasswordMatch Match) Add(string user)
    {
        var (secret, match) = (AppPasswordSecret.New(), new AppPasswordMatch(Guid.NewGuid(), "phone"));
        services.AppPasswords[(user, AppPasswordSecret.DigestOf(secret)!)] = match;
        return (secret, match);
    }
}
