using MailCloud.Queue;
using MailCloud.StorageContracts;

namespace MailCloud.Embedded.Tests;

public sealed class SqliteQueueTests : QueueContract, IDisposable
{
    private readonly EmbeddedFolder folder = new();

    protected override IMailQueue Queue => folder.Queue;

    public void Dispose() => folder.Dispose();

    protected override Task ReopenAsync() => folder.ReopenAsync();

    protected override void Advance(TimeSpan time) => folder.Time.Advance(time);
}
