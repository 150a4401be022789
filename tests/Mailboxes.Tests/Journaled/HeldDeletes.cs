using MailCloud.Journal;

namespace MailCloud.Mailboxes.Tests.Journaled;

/// <summary>A real journal whose deletion of one name is held, so that something else happens meanwhile.</summary>
internal sealed class HeldDeletes(IJournal inner) : IJournal
{
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? Held { get; set; }

    /// <summary>Completes when the deletion is held.</summary>
    public Task Asked => asked.Task;

    public void LetGo() => letGo.SetResult();

    public async Task DeleteAsync(string journal, CancellationToken cancellationToken)
    {
        if (journal == Held)
        {
            asked.TrySetResult();
            await letGo.Task;
        }

        await inner.DeleteAsync(journal, cancellationToken);
    }

    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

    public ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken) =>
        inner.AppendAsync(journal, head, events, cancellationToken);

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
        inner.ReplaceAsync(journal, head, manifest, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
}
