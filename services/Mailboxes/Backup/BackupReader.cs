using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Backup;

/// <summary>One whole backup, opened to be read. What it holds changes no more: nothing is read twice because it moved.</summary>
internal sealed class BackupReader : IAsyncDisposable
{
    private readonly BackupStore store;
    private readonly Serializer serializer;

    private BackupReader(BackupStore store, string name, Serializer serializer, MailboxesOptions options)
    {
        (this.store, this.serializer, Name, Journals) = (store, serializer, name, store.JournalsOf(name));
        Chunks = new(store.Blobs, serializer, options);
    }

    public string Name { get; }

    public IJournal Journals { get; }

    public IMessageBlobs Blobs => store.Blobs;

    public ChunkStore Chunks { get; }

    /// <summary>Mail that waited.</summary>
    public WaitingList Waiting => new(store, serializer, BackupParts.Waiting(Name));

    /// <param name="name">Null: the newest.</param>
    /// <exception cref="JobRefusedException">There is no such backup, or no place for any.</exception>
    public static async Task<BackupReader> OpenAsync(BackupPlace place, string? name, Serializer serializer, MailboxesOptions options, CancellationToken cancellationToken)
    {
        if (!place.Options.IsSet)
        {
            throw new JobRefusedException(BackupPlace.None);
        }

        var store = place.Open();
        try
        {
            return new(store, await FindNameAsync(store, name, cancellationToken), serializer, options);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The state that a journal stands for; null when the backup has none of this name.</summary>
    public async Task<TState?> FindAsync<TState, TEvent>(string journal, Action<TState, TEvent> apply, CancellationToken cancellationToken)
        where TState : class, IStoredRecord, new()
        where TEvent : IStoredRecord
    {
        var head = await Journals.OpenAsync(journal, cancellationToken);
        if (head is { Manifest: null, Position: 0 })
        {
            return null;
        }

        var state = head.Manifest is null ? new() : await Chunks.LoadAsync<TState>(head.Manifest, cancellationToken);
        await ApplyAsync<TEvent>(journal, head, recorded => apply(state, recorded), cancellationToken);
        return state;
    }

    /// <summary>A mailbox without the contents of its chunks; null when the backup has none of the account.</summary>
    public async Task<MailboxState?> FindMailboxAsync(AccountId account, CancellationToken cancellationToken)
    {
        var journal = $"mailbox/{account}";
        var head = await Journals.OpenAsync(journal, cancellationToken);
        var state = head.Manifest is null ? new() : MailboxState.From(await Chunks.LoadAsync<MailboxManifest>(head.Manifest, cancellationToken));
        await ApplyAsync<MailboxEvent>(journal, head, state.Apply, cancellationToken);
        return state.Created ? state : null;
    }

    public async ValueTask DisposeAsync()
    {
        Chunks.Dispose();
        await store.DisposeAsync();
    }

    private static async Task<string> FindNameAsync(BackupStore store, string? name, CancellationToken cancellationToken)
    {
        try
        {
            return await store.FindAsync(name, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new JobRefusedException($"{e.Message}: mailcloud backup list shows those that there are");
        }
    }

    private async Task ApplyAsync<TEvent>(string journal, JournalHead head, Action<TEvent> apply, CancellationToken cancellationToken)
        where TEvent : IStoredRecord
    {
        await foreach (var bytes in Journals.ReadAsync(journal, head, cancellationToken))
        {
            apply(serializer.Decode<TEvent>(bytes));
        }
    }
}
