using System.Net;
using MailCloud.Credentials.Guessing;
using static MailCloud.Credentials.Tests.LoginServices;

namespace MailCloud.Credentials.Tests.Guessing;

/// <summary>What an attempt costs, and when it is answered.</summary>
public sealed class PasswordCheckTests : IDisposable
{
    private static readonly IPAddress Elsewhere = IPAddress.Parse("198.51.100.7");

    private readonly LoginServices services = new();

    public void Dispose() => services.Dispose();

    [Fact]
    public async Task A_waiting_attempt_costs_no_derivation_until_its_time_has_come()
    {
        await FailAsync("user", Attacker, 3);
        var waiting = services.CheckAsync("user", "guess 4", Attacker);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(3, services.Derivations);
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LoginAnswer.Wrong, (await waiting).Answer);
        Assert.Equal(4, services.Derivations);
        Assert.Equal(1, services.Measured["mailcloud.credentials.delay"]);
    }

    [Theory]
    [InlineData("user", "pencil", LoginAnswer.Right)]
    [InlineData("nobody", "pencil", LoginAnswer.Wrong)]
    public async Task Names_that_do_not_exist_wait_as_long_as_those_that_do(string username, string password, LoginAnswer answer)
    {
        foreach (var bot in Enumerable.Range(0, 20).Select(i => IPAddress.Parse($"10.0.{i}.1")))
        {
            await FailAsync(username, bot, 1, advance: TimeSpan.FromSeconds(15));
        }

        // Elsewhere the right password is taken after the wait of the account, and not refused.
        var waiting = services.CheckAsync(username, password, Elsewhere);
        services.Time.Advance(TimeSpan.FromSeconds(15) - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        services.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(answer, (await waiting).Answer);
    }

    [Fact]
    public async Task A_password_that_was_verified_lately_is_answered_at_once_whatever_others_do()
    {
        Assert.True((await services.CheckAsync("user", "pencil", Home)).IsRight);
        foreach (var bot in Enumerable.Range(0, 16).Select(i => IPAddress.Parse($"10.0.{i}.1")))
        {
            await FailAsync("user", bot, 1, advance: TimeSpan.FromSeconds(15));
        }

        // From home, and with the same phone from wherever it is now; and none of it derives a key.
        var before = services.Derivations;
        Assert.True(IsRightAtOnce(services.CheckAsync("user", "pencil", Home)));
        Assert.True(IsRightAtOnce(services.CheckAsync("user", "pencil", Elsewhere)));
        Assert.Equal(before, services.Derivations);
        Assert.Equal(2, services.Measured["mailcloud.credentials.attempts result=cached"]);
    }

    [Fact]
    public async Task Who_has_to_wait_for_failures_of_its_own_learns_nothing_before()
    {
        // Else a guesser who shares the owner's network would see at once whether a guess is right.
        Assert.True((await services.CheckAsync("user", "pencil", Home)).IsRight);
        await FailAsync("user", Home, 4, advance: TimeSpan.FromSeconds(1));
        var waiting = services.CheckAsync("user", "pencil", Home);
        Assert.False(waiting.IsCompleted);
        services.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.True((await waiting).IsRight);
    }

    [Fact]
    public async Task The_same_wrong_password_again_costs_no_derivation()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(LoginAnswer.Wrong, (await services.CheckAsync("user", "old", Home)).Answer);
        }

        Assert.Equal(1, services.Derivations);
        Assert.Equal(9, services.Measured["mailcloud.credentials.attempts result=repeated"]);

        // It is right from the moment on when it becomes the account's.
        services.Verifiers["user"] = Verifiers.Create("old");
        Assert.True((await services.CheckAsync("user", "old", Home)).IsRight);
    }

    [Fact]
    public async Task A_password_that_is_changed_during_the_wait_is_no_longer_right()
    {
        await FailAsync("user", Home, 3);
        var waiting = services.CheckAsync("user", "pencil", Home);
        services.Verifiers["user"] = Verifiers.Create("new");
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LoginAnswer.Wrong, (await waiting).Answer);
    }

    [Fact]
    public async Task Who_leaves_without_waiting_has_failed_all_the_same()
    {
        await FailAsync("user", Attacker, 3);
        using var left = new CancellationTokenSource();
        var waiting = services.CheckAsync("user", "guess", Attacker, left.Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = services.CheckAsync("user", "another", Attacker);
        services.Time.Advance(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        Assert.False(next.IsCompleted);
        services.Time.Advance(TimeSpan.FromTicks(1));
        await next;
        Assert.Equal(4, services.Derivations);
    }

    [Fact]
    public async Task Who_finds_the_line_too_long_is_told_to_come_later_and_costs_nothing()
    {
        await FailAsync("user", Attacker, 3);
        var waiting = Enumerable.Range(0, 20).Select(i => services.CheckAsync("user", $"at once {i}", Attacker)).ToList();
        var refused = waiting.Where(w => w.IsCompletedSuccessfully).ToList();
        Assert.Equal(15, refused.Count);
        Assert.All(await Task.WhenAll(refused), verdict => Assert.Equal(LoginAnswer.TryLater, verdict.Answer));
        Assert.Equal(3, services.Derivations);
        Assert.Equal(15, services.Measured["mailcloud.credentials.refused line=line"]);
    }

    [Fact]
    public async Task Who_finds_too_many_derivations_waiting_is_told_to_come_later_and_has_not_failed()
    {
        var turns = new List<Task<IDisposable?>>();
        for (var i = 0; i < DerivationQueue.AtOnce + DerivationQueue.Room; i++)
        {
            turns.Add(services.DerivationQueue.EnterAsync(IPNetwork.Parse("10.0.0.1/32"), false, default));
        }

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(LoginAnswer.TryLater, (await services.CheckAsync("user", $"guess {i}", Home)).Answer);
        }

        Assert.Equal(0, services.Derivations);
        Assert.Equal(10, services.Measured["mailcloud.credentials.refused line=derivations"]);

        foreach (var turn in turns)
        {
            (await turn)!.Dispose();
        }

        Assert.True((await services.CheckAsync("user", "pencil", Home)).IsRight);
    }

    [Fact]
    public async Task A_wrong_proof_of_scram_counts_too()
    {
        var proofs = services.Proofs(Attacker);
        var login = new FoundLogin("user", VerifiersTests.Pencil);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(LoginAnswer.Wrong, await proofs.CheckAsync("user", login, () => false, default));
        }

        var isChecked = false;
        var waiting = proofs.CheckAsync("user", login, () => isChecked = true, default).AsTask();
        Assert.False(waiting.IsCompleted || isChecked);
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LoginAnswer.Right, await waiting);
        Assert.Equal(0, services.Derivations);

        // Nor does a proof for a password that is changed meanwhile.
        await FailAsync("user", Attacker, 1);
        waiting = proofs.CheckAsync("user", login, () => true, default).AsTask();
        Assert.False(waiting.IsCompleted);
        services.Verifiers["user"] = Verifiers.Create("new");
        services.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LoginAnswer.Wrong, await waiting);
    }

    [Fact]
    public async Task The_log_says_what_is_slowed_and_never_what_was_typed()
    {
        for (var i = 0; i < 10; i++)
        {
            await FailAsync("user", IPAddress.Parse($"10.0.{i}.1"), 1);
            await FailAsync("my secret as a name", IPAddress.Parse($"10.1.{i}.1"), 1);
            await FailAsync($"user{i}", Attacker, 1);
            await FailAsync($"user{i + 10}", Attacker, 1);
        }

        Assert.Contains(services.Log.Lines, line => line.StartsWith("8101 many failed logins of user:", StringComparison.Ordinal));
        Assert.Contains(services.Log.Lines, line => line.StartsWith("8101 many failed logins of (no account):", StringComparison.Ordinal));
        Assert.Contains(services.Log.Lines, line => line.StartsWith("8102 many failed logins from 203.0.113.1/32:", StringComparison.Ordinal));
        Assert.DoesNotContain(services.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal) || line.Contains("guess", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_instrument_of_the_table_is_emitted_with_its_tags()
    {
        await services.CheckAsync("user", "pencil", Home);
        await FailAsync("user", Attacker, 3);
        var waiting = services.CheckAsync("user", "guess", Attacker);
        await FailAsync("user", Attacker, 1, advance: TimeSpan.FromSeconds(3));
        await waiting;
        Assert.All(Enumerable.Range(0, 20).Select(i => services.CheckAsync("user", $"at once {i}", Attacker)), Assert.NotNull);
        var emitted = services.Measured.Keys.Select(k => k.Split(' ', '=')).Select(k => (Name: k[0], Tag: k.Length > 1 ? k[1] : "")).Append((Name: "mailcloud.credentials.delay", Tag: "")).Distinct();
        var page = await File.ReadAllLinesAsync(Path.Combine(Root(), "shared/Credentials/README.md"));
        var table = page.Where(l => l.StartsWith("| `mailcloud.", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries)).Select(c => (Name: c[1].Trim('`'), Tag: c[4].Trim('`')));
        Assert.Equal(table.Order(), emitted.Order());
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    private static bool IsRightAtOnce(Task<PasswordVerdict> check) => check.IsCompletedSuccessfully && check.Result.IsRight;

    private int guesses;

    private async Task FailAsync(string username, IPAddress client, int times, TimeSpan advance = default)
    {
        for (var i = 0; i < times; i++)
        {
            var check = services.CheckAsync(username, $"guess {guesses++}", client);
            services.Time.Advance(advance);
            Assert.Equal(LoginAnswer.Wrong, (await check.WaitAsync(TimeSpan.FromSeconds(30))).Answer);
        }
    }
}
