using MailCloud.Blobs;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Upkeep;

public sealed class SweepTimerTests
{
    [Fact]
    public async Task A_released_body_goes_by_itself_after_a_day()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var blobs = silo.Services.GetRequiredService<IMessageBlobs>();
        var name = BodyRef.NameFor(new("demo"), DeliveryId.New(time.GetUtcNow()));
        await using (var upload = blobs.Create(name, ["mailbox:demo/1"]))
        {
            await upload.WriteAsync(new byte[10], default);
            await upload.CommitAsync(default);
        }

        await blobs.ReleaseAsync(name, "mailbox:demo/1", default);
        time.Advance(TimeSpan.FromHours(23));
        Assert.True(await ExistsAsync(blobs, name));

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromHours(2));
        while (await ExistsAsync(blobs, name))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<bool> ExistsAsync(IMessageBlobs blobs, string name)
    {
        await foreach (var _ in blobs.ListAsync(name, default))
        {
            return true;
        }

        return false;
    }
}
