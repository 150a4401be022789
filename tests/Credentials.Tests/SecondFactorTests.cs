using static MailCloud.Credentials.Tests.LoginServices;

namespace MailCloud.Credentials.Tests;

/// <summary>Passwords that need a code beside them: who hears so, and what is counted as a guess.</summary>
public sealed class SecondFactorTests : IDisposable
{
    private readonly LoginServices services = new();

    /// <summary>Codes that were asked about.</summary>
    private readonly List<string> asked = [];

    public void Dispose() => services.Dispose();

    [Fact]
    public async Task Only_who_has_the_password_hears_that_a_code_is_needed_and_that_is_no_guess()
    {
        Need(null);
        Assert.Equal(LoginAnswer.Wrong, (await services.CheckAsync("user", "wrong", Home)).Answer);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(LoginAnswer.Incomplete, (await services.CheckAsync("user", "pencil", Home)).Answer);
        }

        Assert.Equal(10, services.Measured["mailcloud.credentials.attempts result=incomplete"]);
        Assert.Equal(2, services.Derivations);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task A_code_is_asked_about_once_the_password_is_right()
    {
        Need("1");
        Assert.Equal(LoginAnswer.Wrong, (await services.CheckAsync("user", "wrong", Home)).Answer);
        Assert.Empty(asked);
        Assert.Equal(LoginAnswer.WrongCode, (await services.CheckAsync("user", "pencil", Home)).Answer);
        Need("42");
        Assert.Equal(LoginAnswer.Right, (await services.CheckAsync("user", "pencil", Home)).Answer);
        Assert.Equal(["1", "42"], asked);
    }

    [Fact]
    public async Task Wrong_codes_are_slowed_as_wrong_passwords_are()
    {
        for (var i = 0; i < 3; i++)
        {
            Need($"{i}");
            Assert.Equal(LoginAnswer.WrongCode, (await services.CheckAsync("user", "pencil", Attacker)).Answer);
        }

        Need("42");
        var waiting = services.CheckAsync("user", "pencil", Attacker);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(3, asked.Count);
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LoginAnswer.Right, (await waiting).Answer);
    }

    [Fact]
    public async Task An_app_password_and_one_without_the_check_of_codes_need_none()
    {
        Need(null);
        var secret = AppPasswordSecret.New();
        services.AppPasswords[("user", AppPasswordSecret.DigestOf(secret)!)] = new(Guid.NewGuid(), "phone");
        Assert.True((await services.CheckAsync("user", secret, Home)).IsRight);
        services.SecondFactors.Clear();
        Assert.True((await services.CheckAsync("user", "pencil", Home)).IsRight);
    }

    [Fact]
    public async Task No_code_can_come_with_a_proof()
    {
        Need("42");
        var proofs = services.Proofs(Home);
        var login = await proofs.FindAsync("user", default);
        Assert.Equal(LoginAnswer.Wrong, await proofs.CheckAsync("user", login, () => false, default));
        Assert.Equal(LoginAnswer.Incomplete, await proofs.CheckAsync("user", login, () => true, default));
        Assert.Empty(asked);
    }

    [Fact]
    public void A_recovery_code_is_three_groups_of_four_letters_and_may_be_typed_in_several_ways()
    {
        var codes = RecoveryCode.NewSet();
        Assert.All(codes, code => Assert.Matches("^([a-hjkmnp-z]{4}-){2}[a-hjkmnp-z]{4}$", code));
        Assert.Equal(10, codes.Select(RecoveryCode.DigestOf).Distinct().Count());
        Assert.Equal(RecoveryCode.DigestOf(codes[0]), RecoveryCode.DigestOf(codes[0].Replace('-', ' ').ToUpperInvariant()));
        Assert.All((string[])["", "123456", "abcd-fghj-kmn", "abcd-fghj-kmnpq"], text => Assert.Null(RecoveryCode.DigestOf(text)));
    }

    private void Need(string? code) => services.SecondFactors["user"] = new(code, (given, _) =>
    {
        asked.Add(given);
        return ValueTask.FromResult(given == "42" ? CodeAnswer.Right : CodeAnswer.Wrong);
    });
}
