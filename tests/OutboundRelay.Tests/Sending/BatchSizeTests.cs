using MailCloud.OutboundRelay.Sending;

namespace MailCloud.OutboundRelay.Tests.Sending;

public sealed class BatchSizeTests
{
    [Fact]
    public void It_follows_what_a_batch_takes()
    {
        var batch = new BatchSize();
        var first = batch.Next;

        batch.Took(TimeSpan.FromMilliseconds(10));
        Assert.Equal(first * 2, batch.Next);

        batch.Took(TimeSpan.FromMilliseconds(400));
        Assert.Equal(first * 2, batch.Next);

        batch.Took(TimeSpan.FromSeconds(3));
        Assert.Equal(first, batch.Next);
    }

    [Fact]
    public void It_stays_within_bounds()
    {
        var batch = new BatchSize();
        for (var i = 0; i < 20; i++)
        {
            batch.Took(TimeSpan.Zero);
        }

        Assert.Equal(64, batch.Next);
        for (var i = 0; i < 20; i++)
        {
            batch.Took(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, batch.Next);
    }
}
