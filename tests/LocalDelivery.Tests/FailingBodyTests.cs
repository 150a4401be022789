using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>A store that fails while a body is read to be parsed: that is no message which makes no sense.</summary>
public sealed class FailingBodyTests : DeliveryHost
{
    /// <summary>What Azure's client throws when its own attempts are used up.</summary>
    private static readonly AggregateException Failure = new("Retry failed after 5 tries", new HttpRequestException("Connection refused"));

    [Fact]
    public Task A_body_that_cannot_be_opened_is_filed_by_a_later_attempt() => FilesLaterAsync(_ => throw Failure);

    [Fact]
    public Task A_body_that_cannot_be_read_on_is_filed_by_a_later_attempt() => FilesLaterAsync(body => new BreakingStream(body));

    private async Task FilesLaterAsync(Func<Stream, Stream> fail)
    {
        var message = await AcceptAsync(To(Bob));
        var reads = 0;
        var stores = new DyingStores(Blobs, Queue, dieAt: int.MaxValue) { Read = body => reads++ == 0 ? fail(body) : body };

        await Assert.ThrowsAsync<AggregateException>(() => DeliverAsync(message, stores));
        Assert.Empty(await InboxAsync(Bob));

        await DeliverAsync(message);
        Assert.Equal("hello", Assert.Single(await InboxAsync(Bob)).Content!.Summary.Envelope.Subject);
    }

    private sealed class BreakingStream(Stream body) : ForwardStream
    {
        private bool begun;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (begun)
            {
                throw Failure;
            }

            begun = true;
            return await body.ReadAsync(buffer[..5], cancellationToken);
        }
    }
}
