using System.Globalization;
using System.Net;
using MailCloud.Credentials.Guessing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Credentials.Tests.Guessing;

/// <summary>The figures of the README, by table and with a clock of the test's own.</summary>
public sealed class GuessLimitsTests
{
    private static readonly IPAddress Home = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Attacker = IPAddress.Parse("203.0.113.1");

    private readonly FakeTimeProvider time = new();
    private readonly GuessLimits limits;
    private int guesses;

    public GuessLimitsTests() => limits = new([IPNetwork.Parse("127.0.0.0/8")], time);

    [Theory]
    [InlineData("verifier")]
    [InlineData(null)] // no such account
    public void A_guesser_waits_longer_each_time(string? verifier)
    {
        var waits = Enumerable.Range(0, 12).Select(_ => GuessAndWait("alice", Attacker, verifier).TotalSeconds);
        Assert.Equal([0, 0, 0, 1, 2, 4, 8, 16, 32, 40, 40, 40], waits);
    }

    [Fact]
    public void From_one_network_less_than_a_hundred_guesses_fit_in_the_first_hour_and_ninety_in_each_further_one()
    {
        Assert.Equal(97, GuessFor(TimeSpan.FromHours(1), () => GuessAndWait("alice", Attacker)));
        Assert.InRange(GuessFor(TimeSpan.FromHours(10), () => GuessAndWait("alice", Attacker)), 895, 905);
    }

    [Fact]
    public void Guessing_on_many_connections_at_once_is_no_faster()
    {
        // None of them stays for its answer, either.
        var attempts = Enumerable.Range(0, 1000).Select(_ => Guess("alice", Attacker)).ToList();
        Assert.Equal([0, 0, 0, 1, 3, 7, 15, 31], attempts.Where(a => !a.IsRefused).Select(a => a.Wait.TotalSeconds));
        attempts.ForEach(a => a.Failed());
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(Guess("alice", Attacker).IsRefused);
        time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(32, Guess("alice", Attacker).Wait.TotalSeconds);
    }

    [Fact]
    public void The_owner_elsewhere_waits_for_at_most_fifteen_seconds_however_many_guess()
    {
        // A thousand networks, and each of them waits and comes again.
        foreach (var bot in Bots(1000))
        {
            Guess("alice", bot).Failed();
            Guess("alice", bot).Failed();
        }

        var owner = Guess("alice", Home);
        Assert.False(owner.IsRefused);
        Assert.Equal((15, 0), (owner.Wait.TotalSeconds, owner.OwnWait.TotalSeconds));
        Assert.Equal(0, Guess("bob", Home).Wait.TotalSeconds);

        // Five minutes after the attack it is over for strangers, too.
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, Guess("alice", IPAddress.Parse("198.51.100.7")).Wait.TotalSeconds);
    }

    [Fact]
    public void Where_the_account_has_logged_in_lately_it_does_not_wait()
    {
        Guess("alice", Home).Succeeded();
        time.Advance(TimeSpan.FromDays(6));
        AttackFromEverywhere("alice");
        Assert.Equal(0, Guess("alice", Home).Wait.TotalSeconds);
        Assert.Equal(15, Guess("alice", IPAddress.Parse("198.51.100.7")).Wait.TotalSeconds);

        time.Advance(TimeSpan.FromDays(1));
        AttackFromEverywhere("alice");
        Assert.Equal(15, Guess("alice", Home).Wait.TotalSeconds);
    }

    [Fact]
    public void A_guesser_behind_the_owners_network_is_slowed_all_the_same()
    {
        Guess("alice", Home).Succeeded();
        Assert.Equal([0, 0, 0, 1, 2, 4], Enumerable.Range(0, 6).Select(_ => GuessAndWait("alice", Home).TotalSeconds));

        // The owner has found the password again: what comes next from there does not wait, and one more failure waits again.
        var owner = Guess("alice", Home);
        Assert.Equal(8, owner.Wait.TotalSeconds);
        time.Advance(owner.Wait);
        owner.Succeeded();
        Assert.Equal([0, 1, 2, 4], Enumerable.Range(0, 4).Select(_ => GuessAndWait("alice", Home).TotalSeconds));
    }

    [Fact]
    public void Behind_the_owners_network_logins_every_five_minutes_give_a_guesser_little()
    {
        Guess("alice", Home).Succeeded();
        var made = 0;
        for (var i = 0; i < 12; i++)
        {
            made += GuessFor(TimeSpan.FromMinutes(5), () => GuessAndWait("alice", Home));
            Guess("alice", Home).Succeeded();
        }

        Assert.InRange(made, 100, 160);
    }

    [Fact]
    public void The_same_wrong_password_again_counts_once()
    {
        // A client with an old password: it is not told that it comes too often, and it does not hold up what is beside it.
        for (var i = 0; i < 100; i++)
        {
            var attempt = limits.Begin(new("alice", "v"), "old", Home);
            Assert.Equal((0, false), (attempt.Wait.TotalSeconds, attempt.IsRefused));
            Assert.Equal(i > 0, attempt.IsKnownWrong("v"));
            Assert.False(attempt.IsKnownWrong("changed"));
            attempt.Failed();
        }

        Assert.Equal(0, GuessAndWait("alice", Home).TotalSeconds);
        Assert.Equal(0, GuessAndWait("alice", Home).TotalSeconds);
        Assert.Equal(1, GuessAndWait("alice", Home).TotalSeconds);
    }

    [Fact]
    public void A_client_that_opens_many_connections_with_the_right_password_does_not_wait()
    {
        var attempts = Enumerable.Range(0, 8).Select(_ => limits.Begin(new("alice", "v"), "right", Home)).ToList();
        Assert.All(attempts, a => Assert.Equal((0, false), (a.Wait.TotalSeconds, a.IsKnownWrong("v"))));
        attempts.ForEach(a => a.Succeeded());
    }

    [Fact]
    public void A_network_that_tries_one_account_after_the_other_is_slowed()
    {
        Guess("carol", Attacker).Succeeded();
        var waits = Enumerable.Range(0, 27).Select(i => GuessAndWait($"user{i}", Attacker).TotalSeconds).ToList();
        Assert.Equal([.. Enumerable.Repeat(0.0, 20), 1, 2, 4, 8, 15, 15, 15], waits);
        Assert.InRange(GuessFor(TimeSpan.FromHours(1), () => GuessAndWait($"user{guesses}", Attacker)), 239, 241);

        // Who lives there and has logged in before is none of it; others wait in line with the guesser.
        Assert.Equal(0, Guess("carol", Attacker).Wait.TotalSeconds);
        Assert.Equal(15, Guess("dave", Attacker).Wait.TotalSeconds);
        Assert.Equal(30, Guess("erin", Attacker).Wait.TotalSeconds);
        Assert.Equal(45, Guess("frank", Attacker).Wait.TotalSeconds);
        Assert.True(Guess("grace", Attacker).IsRefused);
        Assert.Equal(0, Guess("dave", Home).Wait.TotalSeconds);
    }

    [Theory]
    [InlineData("2001:db8:1:{0:x}::1")]
    [InlineData("198.51.100.{0}")]
    public void Whoever_has_a_whole_block_is_slowed_as_ten_networks(string pattern)
    {
        IPAddress Next() => IPAddress.Parse(string.Format(CultureInfo.InvariantCulture, pattern, guesses % 256));
        Assert.InRange(GuessFor(TimeSpan.FromHours(1), () => GuessAndWait($"user{guesses}", Next())), 2_500, 2_610);
        Assert.InRange(GuessFor(TimeSpan.FromHours(1), () => GuessAndWait($"user{guesses}", Next())), 2_395, 2_405);
    }

    [Fact]
    public void An_ipv6_subscriber_is_one_network()
    {
        for (var i = 1; i <= 3; i++)
        {
            Guess("alice", IPAddress.Parse($"2001:db8::{i}")).Failed();
        }

        Assert.Equal(1, Guess("alice", IPAddress.Parse("2001:db8::ffff")).Wait.TotalSeconds);
        Assert.Equal(0, Guess("alice", IPAddress.Parse("2001:db8:0:1::1")).Wait.TotalSeconds);
    }

    [Fact]
    public void An_ipv4_address_is_the_same_within_ipv6()
    {
        for (var i = 0; i < 3; i++)
        {
            Guess("alice", Home).Failed();
        }

        Assert.Equal(1, Guess("alice", Home.MapToIPv6()).Wait.TotalSeconds);
    }

    [Fact]
    public void What_was_not_checked_for_want_of_room_does_not_count()
    {
        for (var i = 0; i < 100; i++)
        {
            var attempt = Guess("alice", Home);
            Assert.Equal(0, attempt.Wait.TotalSeconds);
            attempt.GiveBack();
        }
    }

    [Fact]
    public void A_failure_is_forgotten_after_five_minutes()
    {
        for (var i = 0; i < 3; i++)
        {
            Guess("alice", Home).Failed();
        }

        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        var early = Guess("alice", Home);
        Assert.Equal(1, early.Wait.TotalSeconds);
        early.GiveBack();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, Guess("alice", Home).Wait.TotalSeconds);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("::ffff:127.0.0.1")]
    public void Networks_without_limit_are_never_slowed_and_slow_nobody(string address)
    {
        for (var i = 0; i < 1000; i++)
        {
            var attempt = Guess("alice", IPAddress.Parse(address));
            Assert.Equal((0, false), (attempt.Wait.TotalSeconds, attempt.IsRefused));
            attempt.Failed();
        }

        Assert.Equal(0, Guess("alice", Home).Wait.TotalSeconds);
    }

    [Fact]
    public void What_reaches_its_allowance_is_told_once()
    {
        var slowed = Bots(30).Select(bot => Guess("alice", bot).Failed()).ToList();
        Assert.Equal(9, slowed.IndexOf(Slowed.Account));
        Assert.Single(slowed, s => s.HasFlag(Slowed.Account));

        var sprayed = Enumerable.Range(0, 100).Select(i => Guess($"user{i}", Attacker).Failed()).ToList();
        Assert.Equal(19, sprayed.IndexOf(Slowed.Network));
        Assert.Single(sprayed, s => s.HasFlag(Slowed.Network));
    }

    [Fact]
    public void A_table_makes_room_for_the_newest_where_nobody_was_for_the_longest()
    {
        var table = new RecentTable<List<int>>(2);
        table.FindOrAdd(1).Add(1);
        table.FindOrAdd(2).Add(2);
        Assert.NotNull(table.Find(1));
        table.FindOrAdd(3).Add(3);
        Assert.Equal(2, table.Count);
        Assert.Null(table.Find(2));
        Assert.Equal([1], table.Find(1));
        Assert.Equal([3], table.FindOrAdd(3));
    }

    private static IEnumerable<IPAddress> Bots(int count) => Enumerable.Range(0, count).Select(i => IPAddress.Parse($"10.{i / 250}.{i % 250}.1"));

    private void AttackFromEverywhere(string name)
    {
        foreach (var bot in Bots(20))
        {
            Guess(name, bot).Failed();
        }
    }

    private GuessAttempt Guess(string name, IPAddress client, string? verifier = "v") => limits.Begin(new(name, verifier), $"guess {guesses++}", client);

    /// <summary>A guess that waits for its answer; how long.</summary>
    private TimeSpan GuessAndWait(string name, IPAddress client, string? verifier = "v")
    {
        var attempt = Guess(name, client, verifier);
        Assert.False(attempt.IsRefused);

        // The answer comes no sooner because of the delay that the whole account has.
        time.Advance(attempt.OwnWait);
        attempt.Failed();
        return attempt.OwnWait;
    }

    private int GuessFor(TimeSpan duration, Func<TimeSpan> guess)
    {
        var end = time.GetUtcNow() + duration;
        var made = 0;
        while (time.GetUtcNow() < end)
        {
            guess();
            made += time.GetUtcNow() <= end ? 1 : 0;

            // A round trip.
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        return made;
    }
}
