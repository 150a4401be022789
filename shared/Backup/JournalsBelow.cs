using MailCloud.Journal;

namespace MailCloud.Backup;

/// <summary>The journals whose names begin with a prefix, without it.</summary>
internal sealed class JournalsBelow(IJournal journals, string prefix) : IJournal
{
    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => journals.OpenAsync(prefix + journal, cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) =>
        journals.ReadAsync(prefix + journal, head, cancellationToken);

    public ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken) =>
        journals.AppendAsync(prefix + journal, head, events, cancellationToken);

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
        journals.ReplaceAsync(prefix + journal, head, manifest, cancellationToken);

    public Task DeleteAsync(string journal, CancellationToken cancellationToken) => journals.DeleteAsync(prefix + journal, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string namePrefix, CancellationToken cancellationToken) =>
        journals.ListAsync(prefix + namePrefix, cancellationToken).Select(name => name[prefix.Length..]);

    public IAsyncEnumerable<string> ListAsync(string namePrefix, string after, CancellationToken cancellationToken) =>
        journals.ListAsync(prefix + namePrefix, prefix + after, cancellationToken).Select(name => name[prefix.Length..]);
}
