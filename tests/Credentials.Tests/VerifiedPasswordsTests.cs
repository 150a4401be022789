using System.Net;
using MailCloud.Credentials;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Credentials.Tests;

public sealed class VerifiedPasswordsTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void A_password_is_remembered_for_five_minutes()
    {
        var verified = new VerifiedPasswords(time);
        verified.Add("bob", "v1", "secret");
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.True(verified.Contains("bob", "v1", "secret"));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(verified.Contains("bob", "v1", "secret"));
    }

    [Theory]
    [InlineData("alice", "v1", "secret")]
    [InlineData("bob", "v2", "secret")]
    [InlineData("bob", "v1", "Secret")]
    public void Another_user_verifier_or_password_is_unknown(string username, string verifier, string password)
    {
        var verified = new VerifiedPasswords(time);
        verified.Add("bob", "v1", "secret");
        Assert.False(verified.Contains(username, verifier, password));
    }

    [Fact]
    public void A_renewed_entry_lives_on_when_its_first_time_is_over()
    {
        var verified = new VerifiedPasswords(time);
        verified.Add("bob", "v1", "secret");
        time.Advance(TimeSpan.FromMinutes(3));
        verified.Add("bob", "v1", "secret");
        time.Advance(TimeSpan.FromMinutes(3));
        verified.Add("alice", "v1", "other");
        Assert.True(verified.Contains("bob", "v1", "secret"));
    }

    [Fact]
    public void The_oldest_makes_room()
    {
        var verified = new VerifiedPasswords(time);
        for (var i = 0; i <= VerifiedPasswords.Capacity; i++)
        {
            verified.Add($"user{i}", "v", "secret");
        }

        Assert.False(verified.Contains("user0", "v", "secret"));
        Assert.True(verified.Contains("user1", "v", "secret"));
        Assert.True(verified.Contains($"user{VerifiedPasswords.Capacity}", "v", "secret"));
    }

    [Fact]
    public async Task A_check_asks_for_the_verifier_each_time_so_that_a_changed_password_counts_at_once()
    {
        using var services = new LoginServices();
        services.Verifiers["bob"] = Verifiers.Create("first");
        Assert.Equal(new(LoginAnswer.Right, null), await services.CheckAsync("bob", "first", IPAddress.Loopback));
        Assert.Equal(new(LoginAnswer.Right, null), await services.CheckAsync("bob", "first", IPAddress.Loopback));
        Assert.False((await services.CheckAsync("alice", "first", IPAddress.Loopback)).IsRight);
        services.Verifiers["bob"] = Verifiers.Create("second");
        Assert.False((await services.CheckAsync("bob", "first", IPAddress.Loopback)).IsRight);
        Assert.True((await services.CheckAsync("bob", "second", IPAddress.Loopback)).IsRight);
    }

    [Fact]
    public async Task An_old_form_is_replaced_by_a_new_one_for_the_same_password()
    {
        using var services = new LoginServices();
        var verdict = await services.CheckAsync("user", "pencil", IPAddress.Loopback);
        Assert.True(verdict.IsRight);
        Assert.Equal(VerifiersTests.Pencil, verdict.Rehash!.Expected);
        Assert.True(Verifiers.Verify("pencil", verdict.Rehash.Verifier));
        Assert.False(Verifiers.NeedsRehash(verdict.Rehash.Verifier));
    }
}
