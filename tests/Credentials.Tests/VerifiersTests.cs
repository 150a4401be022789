using MailCloud.Credentials;

namespace MailCloud.Credentials.Tests;

public sealed class VerifiersTests
{
    // RFC 7677 §3's user, as Dovecot would store it; the keys are checked by the exchange in ScramExchangeTests.
    public const string Pencil = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public void A_new_verifier_matches_its_password_only()
    {
        var verifier = Verifiers.Create("mailcloud");
        Assert.StartsWith("{SCRAM-SHA-256}15000,", verifier, StringComparison.Ordinal);
        Assert.True(Verifiers.Verify("mailcloud", verifier));
        Assert.False(Verifiers.Verify("Mailcloud", verifier));
        Assert.False(Verifiers.Verify("", verifier));
        Assert.NotEqual(verifier, Verifiers.Create("mailcloud"));
        Assert.False(Verifiers.NeedsRehash(verifier));
        Assert.Null(Verifiers.WhyUnsupported(verifier));
    }

    // The $6$ values are those of Drepper's specification, the last two and the $2$ ones what libxcrypt's crypt() gives.
    [Theory]
    [InlineData("pencil", Pencil)]
    [InlineData("Hello world!", "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")]
    [InlineData("Hello world!", "{SHA512-CRYPT}$6$rounds=10000$saltstringsaltstring$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.")]
    [InlineData("This is just a test", "{SHA512-CRYPT}$6$rounds=5000$toolongsaltstring$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0")]
    [InlineData("a very much longer text to encrypt.  This one even stretches over morethan one line.", "{SHA512-CRYPT}$6$rounds=1400$anotherlongsaltstring$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1")]
    [InlineData("the minimum number is still observed", "{SHA512-CRYPT}$6$rounds=10$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.")]
    [InlineData("Grüße", "{SHA512-CRYPT}$6$rounds=1000$salz$LeimeIdqzSy39sii9V3fkhPXyo8biTwrj0BTeKqmdx.Pufa9bfZ0T8KXDZ6hHGFmwD.TF0mxatp3D398EgD751")]
    [InlineData("rasmuslerdorf", "{BLF-CRYPT}$2y$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi")]
    [InlineData("pencil", "{BLF-CRYPT}$2y$04$MNopqrSTUVwxyzABCDEFGOKaPJkR3gKJTYp0vqzBAowLr0hbpc3xm")]
    [InlineData("Grüße", "{BLF-CRYPT}$2b$04$MNopqrSTUVwxyzABCDEFGOfhUp6BjUY0Lm6VhPSnZRmDgld2BMgbG")]
    public void A_verifier_of_another_server_matches_its_password_and_asks_to_be_replaced(string password, string verifier)
    {
        Assert.Null(Verifiers.WhyUnsupported(verifier));
        Assert.True(Verifiers.Verify(password, verifier));
        Assert.False(Verifiers.Verify(password + "x", verifier));
        Assert.True(Verifiers.NeedsRehash(verifier));
    }

    [Fact]
    public void Bcrypt_sees_the_first_72_octets_as_other_servers_do() =>
        Assert.True(Verifiers.Verify(new string('x', 100), "{BLF-CRYPT}$2y$04$MNopqrSTUVwxyzABCDEFGO7zEZGAObmOypSqvwgnP9E5vWbb5HqMK"));

    [Fact]
    public void An_account_that_does_not_exist_has_no_password() => Assert.False(Verifiers.Verify("mailcloud", null));

    [Theory]
    [InlineData("")]
    [InlineData("{PLAIN}secret")]
    [InlineData("{SCRAM-SHA-256}")]
    [InlineData("{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")]
    [InlineData("{SCRAM-SHA-256}0,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")]
    [InlineData("{SCRAM-SHA-256}99999999,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")]
    [InlineData("{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,AAAA,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")]
    [InlineData("{SCRAM-SHA-256}4096,W22Z*J0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")]
    [InlineData("{SHA512-CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8")]
    [InlineData("{SHA512-CRYPT}$6$saltstring$tooshort")]
    [InlineData("{SHA512-CRYPT}$6$rounds=999999999$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")]
    [InlineData("{BLF-CRYPT}$2y$31$MNopqrSTUVwxyzABCDEFGOmW1Bd5OHBtEvMW7AOTSDCtwOnxOSGDC")]
    [InlineData("{BLF-CRYPT}$2x$04$MNopqrSTUVwxyzABCDEFGOmW1Bd5OHBtEvMW7AOTSDCtwOnxOSGDC")]
    [InlineData("{BLF-CRYPT}nonsense")]
    public void What_cannot_be_verified_is_refused_with_a_reason_and_matches_nothing(string verifier)
    {
        Assert.NotNull(Verifiers.WhyUnsupported(verifier));
        Assert.False(Verifiers.Verify("pencil", verifier));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("bell\a", "prohibits")]
    [InlineData("private use \ue000", "prohibits")]
    public void An_unusable_password_is_refused_with_a_reason(string password, string why)
    {
        Assert.Contains(why, Verifiers.WhyUnusable(password), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Verifiers.Create(password));
    }

    [Fact]
    public void A_password_has_a_greatest_length_in_octets()
    {
        Assert.Null(Verifiers.WhyUnusable(new string('x', Verifiers.MaxPasswordLength)));
        Assert.Contains("longer", Verifiers.WhyUnusable(new string('ü', Verifiers.MaxPasswordLength)), StringComparison.Ordinal);
        Assert.False(Verifiers.Verify(new string('x', Verifiers.MaxPasswordLength + 1), Pencil));
    }

    [Fact]
    public void Two_spellings_of_one_password_are_one() => Assert.True(Verifiers.Verify("Gru\u0308ße", Verifiers.Create("Gr\u00fcße")));
}
