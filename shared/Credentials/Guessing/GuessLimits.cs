using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials.Guessing;

/// <summary>
/// Says how long an attempt to log in waits for its answer, from what failed lately. It keeps four counts; the README has the figures and what they come to.
/// <list type="bullet">
/// <item>By account and network together: in line, one attempt after the other. This is the limit that a guesser meets, also behind the owner's own network.</item>
/// <item>By network, and by the block around it, whatever the accounts: in line. Not for accounts that have logged in from this network lately.</item>
/// <item>By account, whatever the networks: a delay and no line, since a line would let strangers lock the owner out. Not for networks from which the account has logged in
/// lately.</item>
/// </list>
/// Names that do not exist are counted as those that do. Pure: no I/O, and time is passed in. Keys are keyed hashes, so that an entry has the same size whatever the name.
/// </summary>
internal sealed class GuessLimits(IReadOnlyList<IPNetwork> unlimited, TimeProvider time)
{
    /// <summary>Less than a hundred guesses in the first hour, and ninety in each further one (OWASP ASVS 4.0 §2.2.1: no more than 100 an hour on one account).</summary>
    public static readonly StrikeRule PairRule = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(40), 10, TimeSpan.FromMinutes(5));

    /// <summary>At most 15 s, as Dovecot's auth penalty: every mail client waits that long.</summary>
    public static readonly StrikeRule AccountRule = new(10, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15), 14, TimeSpan.FromMinutes(1));

    /// <summary>An office behind one address mistypes twenty times. It remembers 300, so that a burst over many sessions is not to be had again for hours.</summary>
    public static readonly StrikeRule NetworkRule = new(20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15), 300, TimeSpan.FromMinutes(1));

    /// <summary>Ten times what a network has.</summary>
    public static readonly StrikeRule BlockRule = new(200, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(1500), 3000, TimeSpan.FromSeconds(6));

    /// <summary>Who would wait longer is told to come later: mail clients give up after one to two minutes.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(45);

    /// <summary>How long a network is known after a login: a week, so that somebody who is in one place once a week is known there.</summary>
    public static readonly TimeSpan KnownFor = TimeSpan.FromDays(7);

    // About 30 MB when an attack from very many networks has filled all of them.
    private readonly RecentTable<Strikes> pairs = new(50_000);
    private readonly RecentTable<Strikes> accounts = new(20_000);
    private readonly RecentTable<Strikes> networks = new(20_000);
    private readonly RecentTable<Strikes> blocks = new(20_000);
    private readonly RecentTable<LastLogin> logins = new(100_000);

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly long start = time.GetTimestamp();
    private readonly Lock gate = new();

    private TimeSpan Now => time.GetElapsedTime(start);

    /// <summary>Takes an attempt: it counts as a failure of its account and network until it is known to be none.</summary>
    /// <param name="login">What was found by the name.</param>
    /// <param name="password">Null when it is not known (SCRAM).</param>
    public GuessAttempt Begin(FoundLogin login, string? password, IPAddress client)
    {
        var network = ClientNetwork.Of(client);
        if (IsUnlimited(client))
        {
            return new(this, network.Host, isUnlimited: true);
        }

        var attempt = new GuessAttempt(this, network.Host, isUnlimited: false)
        {
            Account = KeyOf('a', login.Name),
            Pair = KeyOf('p', $"{network.Host} {login.Name}"),
            HostKey = KeyOf('n', network.Host.ToString()),
            BlockKey = KeyOf('n', network.Block.ToString()),
            Verifier = login.Verifier,
        };
        ulong? digest = password is null ? null : (ulong)KeyOf('d', $"{login.Name}\n{login.Verifier}\n{password}");
        lock (gate)
        {
            Begin(attempt, digest, Now);
        }

        return attempt;
    }

    /// <summary>The right password: the network is known from now on. What the others did stays counted, and none of it delays the next attempt from here.</summary>
    internal void Succeeded(GuessAttempt attempt)
    {
        lock (gate)
        {
            TakeBack(attempt, PairRule.Allowance - 1);
            logins.FindOrAdd(attempt.Pair).At = Now;
        }
    }

    /// <summary>A wrong password. Returns what reaches its allowance by it.</summary>
    internal Slowed Failed(GuessAttempt attempt)
    {
        lock (gate)
        {
            if (attempt.Guess is { } guess)
            {
                guess.IsWrong = true;
            }

            if (attempt.IsRepeated)
            {
                return Slowed.Nothing;
            }

            var now = Now;
            return (Add(accounts, attempt.Account, AccountRule, now) ? Slowed.Account : Slowed.Nothing)
                | (Add(networks, attempt.HostKey, NetworkRule, now) | Add(blocks, attempt.BlockKey, BlockRule, now) ? Slowed.Network : Slowed.Nothing);
        }
    }

    /// <summary>It was not checked, for want of room here: as if it had not been.</summary>
    internal void GivenBack(GuessAttempt attempt)
    {
        if (attempt.IsRepeated)
        {
            return;
        }

        lock (gate)
        {
            TakeBack(attempt, PairRule.Most);
        }
    }

    private void Begin(GuessAttempt attempt, ulong? digest, TimeSpan now)
    {
        var pair = pairs.Find(attempt.Pair);
        attempt.Guess = digest is null ? null : pair?.Find(digest);
        attempt.IsRepeated = attempt.Guess is not null;
        attempt.IsKnown = logins.Find(attempt.Pair) is { } last && now - last.At < KnownFor;

        // What is no new guess waits, and neither counts nor stands in line: a client with an old password does not hold up those beside it.
        var wait = attempt.IsRepeated ? pair!.DelayAt(now, PairRule) : pair?.WaitAt(now, PairRule) ?? default;
        var isFree = attempt.IsKnown || attempt.IsRepeated;
        var networkWait = isFree ? default : networks.Find(attempt.HostKey)?.WaitAt(now, NetworkRule) ?? default;
        var blockWait = isFree ? default : blocks.Find(attempt.BlockKey)?.WaitAt(now, BlockRule) ?? default;
        attempt.OwnWait = Longer(wait, Longer(networkWait, blockWait));
        attempt.IsRefused = !attempt.IsRepeated && attempt.OwnWait > LongestWait;
        if (attempt.IsRefused || attempt.IsRepeated)
        {
            attempt.Wait = attempt.OwnWait;
            return;
        }

        pair ??= pairs.FindOrAdd(attempt.Pair);
        pair.StandInLine(now, wait);
        pair.Add(now, PairRule);
        attempt.Guess = pair.Remember(digest);
        networks.Find(attempt.HostKey)?.StandInLine(now, networkWait);
        blocks.Find(attempt.BlockKey)?.StandInLine(now, blockWait);
        attempt.Wait = attempt.IsKnown ? attempt.OwnWait : Longer(attempt.OwnWait, accounts.Find(attempt.Account)?.DelayAt(now, AccountRule) ?? default);
    }

    private void TakeBack(GuessAttempt attempt, int atMost)
    {
        if (pairs.Find(attempt.Pair) is { } pair)
        {
            pair.TakeBack(Now, PairRule, atMost);
            pair.Forget(attempt.Guess);
        }
    }

    private static bool Add(RecentTable<Strikes> table, UInt128 key, StrikeRule rule, TimeSpan now)
    {
        var strikes = table.FindOrAdd(key);
        var before = strikes.CountAt(now, rule);
        strikes.Add(now, rule);
        return before == rule.Allowance - 1;
    }

    private bool IsUnlimited(IPAddress client)
    {
        var plain = client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client;
        return unlimited.Any(n => n.Contains(plain));
    }

    private UInt128 KeyOf(char kind, string text) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(kind + text)));

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private sealed class LastLogin
    {
        public TimeSpan At { get; set; }
    }
}

/// <summary>What is slowed from now on.</summary>
[Flags]
internal enum Slowed
{
    Nothing = 0,
    Account = 1,
    Network = 2,
}
