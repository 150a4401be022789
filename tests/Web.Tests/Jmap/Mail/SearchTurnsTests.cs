using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>No more searches run at a time than are meant to, and nobody waits for ever.</summary>
public sealed class SearchTurnsTests
{
    [Fact]
    public async Task Who_gets_no_turn_is_told_to_ask_later()
    {
        var turns = new SearchTurns(atOnce: 1, patience: TimeSpan.Zero);
        var running = new TaskCompletionSource<int>();
        var first = turns.RunAsync(new(), () => running.Task, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<MethodException>(() => turns.RunAsync(new(), () => Task.FromResult(2), CancellationToken.None));
        Assert.Equal("serverUnavailable", refused.Type);
        running.SetResult(1);
        Assert.Equal(1, await first);
        Assert.Equal(3, await turns.RunAsync(new(), () => Task.FromResult(3), CancellationToken.None));
    }

    [Fact]
    public async Task One_result_is_filled_by_one_search_at_a_time()
    {
        var turns = new SearchTurns(atOnce: 2, patience: TimeSpan.FromMinutes(1));
        var found = new FoundEmails();
        var running = new TaskCompletionSource<int>();
        var first = turns.RunAsync(found, () => running.Task, CancellationToken.None);
        var second = turns.RunAsync(found, () => Task.FromResult(first.IsCompleted ? 2 : 0), CancellationToken.None);
        Assert.Equal(3, await turns.RunAsync(new(), () => Task.FromResult(3), CancellationToken.None));
        running.SetResult(1);
        Assert.Equal(2, await second);
    }

    [Fact]
    public async Task One_that_fails_gives_its_turn_back()
    {
        var turns = new SearchTurns(atOnce: 1, patience: TimeSpan.Zero);
        await Assert.ThrowsAsync<InvalidOperationException>(() => turns.RunAsync<int>(new(), () => throw new InvalidOperationException(), CancellationToken.None));
        Assert.Equal(1, await turns.RunAsync(new(), () => Task.FromResult(1), CancellationToken.None));
    }

    [Fact]
    public void What_takes_too_long_goes_on_when_asked_again_or_cannot_be_answered()
    {
        Assert.Equal("serverUnavailable", new SearchTimeException(goesOn: true).Type);
        Assert.Equal("unsupportedFilter", new SearchTimeException(goesOn: false).Type);
    }
}
