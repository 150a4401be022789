using MailCloud.Journal;
using MailCloud.StorageContracts;

namespace MailCloud.Embedded.Tests;

public sealed class SqliteJournalTests : JournalContract, IDisposable
{
    private readonly EmbeddedFolder folder = new();

    protected override IJournal Journal => folder.Journal;

    public void Dispose() => folder.Dispose();

    protected override Task ReopenAsync() => folder.ReopenAsync();
}
