using System.Collections.Concurrent;
using MailCloud.Blobs;
using MailCloud.Journal;

namespace MailCloud.Mailboxes.Tests.Traces;

/// <summary>A real journal that counts what is done with journals of shards, and can let their appends wait.</summary>
internal sealed class WatchedJournal(IJournal inner) : IJournal
{
    private volatile TaskCompletionSource? held;
    private int appends;

    public int Appends => Volatile.Read(ref appends);

    /// <summary>Names of journals that were opened.</summary>
    public ConcurrentQueue<string> Opened { get; } = new();

    public void Hold() => held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo() => held!.SetResult();

    /// <summary>Returns when there were so many appends, and not one more.</summary>
    public async Task UntilAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Appends < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }

        Assert.Equal(count, Appends);
    }

    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken)
    {
        Opened.Enqueue(journal);
        return inner.OpenAsync(journal, cancellationToken);
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

    public async ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        if (journal.StartsWith("trace/", StringComparison.Ordinal))
        {
            await (held?.Task ?? Task.CompletedTask);
            Interlocked.Increment(ref appends);
        }

        return await inner.AppendAsync(journal, head, events, cancellationToken);
    }

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) => inner.ReplaceAsync(journal, head, manifest, cancellationToken);

    public Task DeleteAsync(string journal, CancellationToken cancellationToken) => inner.DeleteAsync(journal, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
}

/// <summary>A real blob store that remembers what was read.</summary>
internal sealed class WatchedBlobs(IMessageBlobs inner) : IMessageBlobs
{
    public ConcurrentQueue<string> Reads { get; } = new();

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) => inner.OpenReadAsync(name, offset, length, cancellationToken);

    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        Reads.Enqueue(name);
        return inner.ReadAsync(name, offset, length, cancellationToken);
    }

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
}
