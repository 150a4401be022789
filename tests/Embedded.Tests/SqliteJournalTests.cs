using MailCloud.Embedded.Tests.Contracts;
using MailCloud.Journal;

namespace MailCloud.Embedded.Tests;

public sealed class SqliteJournalTests : JournalContract, IDisposable
{
    private readonly EmbeddedFolder folder = new();

    protected override IJournal Journal => folder.Journal;

    public void Dispose() => folder.Dispose();

    protected override Task ReopenAsync() => folder.ReopenAsync();
}
