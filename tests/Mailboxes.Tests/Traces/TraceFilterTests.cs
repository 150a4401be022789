using MailCloud.Mailboxes.Traces;

namespace MailCloud.Mailboxes.Tests.Traces;

public sealed class TraceFilterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1_700)]
    [InlineData(20_000)]
    public void It_has_all_that_it_was_made_of_and_few_others(int count)
    {
        string[] ids = [.. Enumerable.Range(0, count).Select(i => $"{i}@example.test")];
        var filter = TraceFilter.Of(ids);

        Assert.All(ids, id => Assert.True(TraceFilter.MayHold(filter, id)));
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => TraceFilter.MayHold(filter, $"other {i}")), 0, 300);
        Assert.InRange(filter.Length, 1, (count * 10 / 8) + 1);
    }

    [Fact]
    public void One_of_nothing_has_nothing() => Assert.False(TraceFilter.MayHold(TraceFilter.Of([]), "a@example.test"));
}
