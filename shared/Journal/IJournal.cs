namespace MailCloud.Journal;

/// <summary>
/// One append-only journal per grain, fenced: an append or a replacement succeeds only for the head that the caller last saw, so of two
/// activations of one grain at most one goes on writing.
/// </summary>
public interface IJournal
{
    /// <summary>The journal's head now; position 0 without a manifest when it was never written.</summary>
    ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken);

    /// <summary>The events since the last replacement, up to the given head's position, in order.</summary>
    /// <exception cref="JournalMovedException">The journal has been replaced since the head was read.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken);

    /// <summary>
    /// Appends all events or none, durable when it returns the new head. Null: another writer moved the journal and nothing was written.
    /// An exception leaves open whether they were written: only a reload knows, and the caller must not send them again.
    /// </summary>
    ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken);

    /// <summary>
    /// Empties the journal and names the manifest that now stands for what it held, in one step under the same fence. Null and exceptions as for appends.
    /// </summary>
    ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes a journal and all that it holds, without reading it; one that is missing is ignored. Whoever has a head of it with events or a replacement is refused from then on. For names that are
    /// written no more: one written anew starts at its beginning, where the position alone tells old from new.
    /// </summary>
    Task DeleteAsync(string journal, CancellationToken cancellationToken);

    /// <summary>The names of journals that begin with the prefix, by name.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Of these the ones after a name, in the same order; a store that cannot begin there passes over those before.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, string after, CancellationToken cancellationToken) =>
        ListAsync(prefix, cancellationToken).Where(name => string.CompareOrdinal(name, after) > 0);
}

/// <summary>
/// Where a journal stands. <paramref name="Epoch"/> counts replacements, <paramref name="Position"/> the events since the last;
/// <paramref name="Bytes"/> is their size, by which a grain decides to compact; <paramref name="Manifest"/> is the blob that stands for
/// everything before them; <paramref name="ETag"/> is the cluster store's fence and null in the embedded one.
/// </summary>
public sealed record JournalHead(long Epoch, long Position, long Bytes, string? Manifest, string? ETag);

/// <summary>Another activation has written since; this one's state is out of date and must be loaded again.</summary>
public sealed class JournalMovedException(string journal, string doubt) : Exception($"journal {journal} moved: {doubt}");

/// <summary>The store cannot take these events as they are, and has written none: there are too many for one append, or the journal must be replaced first.</summary>
public sealed class JournalFullException(string journal, string why, Exception? inner = null) : Exception($"journal {journal} is full: {why}", inner);
