namespace MailCloud.Credentials.Tests;

/// <summary>Passwords that may be chosen, and why others may not.</summary>
public sealed class PasswordRulesTests
{
    private static readonly string[] names = ["annabella@example.test", "annabella", "example.test"];

    [Theory]
    [InlineData("mailcloud")]
    [InlineData("correct horse battery staple")]
    [InlineData("annabella1")]
    [InlineData("密码密码密码密码")]
    public void Most_may_be_chosen(string password) => Assert.Null(PasswordRules.WhyRefused(password, PasswordRules.LeastLength, names));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("seven77", "shorter than 8")]
    [InlineData("密码密码密码密", "shorter than 8")]
    [InlineData("😀😀😀😀😀😀😀", "shorter than 8")]
    [InlineData("Annabella", "the address or a part of it")]
    [InlineData(" annabella ", "the address or a part of it")]
    [InlineData("annabella@Example.test", "the address or a part of it")]
    [InlineData("EXAMPLE.test", "the address or a part of it")]
    [InlineData("password", "most common")]
    [InlineData("PassWord123", "most common")]
    [InlineData("1qaz2wsx", "most common")]
    [InlineData("bell\u0007bell", "prohibits")]
    public void What_is_guessed_first_may_not(string password, string why) =>
        Assert.Contains(why, PasswordRules.WhyRefused(password, PasswordRules.LeastLength, names)!, StringComparison.Ordinal);

    [Fact]
    public void More_may_be_demanded() => Assert.Equal("the password is shorter than 12 characters", PasswordRules.WhyRefused("elevenchars", 12, names));
}
