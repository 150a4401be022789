using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Tests.Mailbox;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>A mailbox that a build of before threads and departures were kept has written.</summary>
public sealed class OlderMailboxTests : IAsyncLifetime
{
    private const string Account = "demo/older";
    private const string Journal = $"mailbox/{Account}";
    private const int Messages = 1005;

    private TestSilo silo = null!;
    private CountingBlobs counted = null!;
    private int sealedTo;

    private IMailboxGrain Mailbox => silo.Mailbox(Account);

    private IEmailGrain Emails => silo.Grains.GetGrain<IEmailGrain>(Account);

    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    private Serializer Serializer => silo.Services.GetRequiredService<Serializer>();

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new(blobs));
        await Mailbox.CreateAsync(new());
    }

    public Task DisposeAsync() => silo.DisposeAsync().AsTask();

    [Fact]
    public async Task It_has_the_same_threads_and_counts_and_knows_what_changes_from_then_on()
    {
        var ids = await FileAsync(Messages);
        var before = await ThreadsAsync(ids);
        var folders = (await Emails.GetFoldersAsync())!.Folders;
        await MakeOlderAsync();

        Assert.Equal(before, await ThreadsAsync(ids));
        Assert.Equal(folders, (await Emails.GetFoldersAsync())!.Folders);
        Assert.False((await Emails.GetChangesAsync(new(1), 10)).Known);
        Assert.False((await Emails.GetFolderChangesAsync(1)).Known);

        var since = new EmailState((await Emails.GetStateAsync())!.Value);
        await StoreAsync(MessageFlags.Seen, MessageFlags.Deleted);
        var changes = await Emails.GetChangesAsync(since, 10);
        Assert.Equal([ids[0]], changes.Updated);
        Assert.Equal([before[ids[0]]], changes.Threads);
        await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = folders[0].Id });
        Assert.Equal([ids[0]], (await Emails.GetChangesAsync(since, 10)).Destroyed);
        var more = await FileAsync(3);
        Assert.Equal(more.Order(), (await Emails.GetChangesAsync(since, 10)).Created.Order());
    }

    [Fact]
    public async Task Its_chunks_get_their_threads_as_it_is_sealed()
    {
        var ids = await FileAsync(Messages);
        var before = await ThreadsAsync(ids);
        await MakeOlderAsync();
        ids.AddRange(await FileAsync(Messages));

        var manifest = await ManifestAsync();
        Assert.True(manifest.ModSeq > sealedTo);
        var chunks = manifest.Folders[0].Chunks;
        Assert.All(chunks, c => Assert.True(c is { HasThreads: true, Unread: not null, FirstDate: not null }));
        foreach (var chunk in chunks)
        {
            Assert.All((await ReadAsync<ChunkRows>(chunk.Rows)).Rows, row => Assert.NotEqual(0ul, row.Thread));
        }

        await silo.ForgetAsync();
        var after = await ThreadsAsync(ids);
        Assert.Equal(before, after.Where(t => before.ContainsKey(t.Key)).ToDictionary());
    }

    [Fact]
    public async Task Its_contents_are_read_once_for_all_counts_of_conversations()
    {
        await FileAsync(Messages);
        var before = (await Emails.GetFoldersAsync())!.Folders;
        await MakeOlderAsync();
        Assert.Equal(before, (await Emails.GetFoldersAsync())!.Folders);
        Assert.All((await ManifestAsync()).Folders.SelectMany(f => f.Chunks), c => Assert.True(c.HasThreads));

        await silo.ForgetAsync();
        counted.Reads.Clear();
        Assert.Equal(before, (await Emails.GetFoldersAsync())!.Folders);
        Assert.DoesNotContain(counted.Reads, r => r.Contains("/contents-", StringComparison.Ordinal));
    }

    private async Task<List<Guid>> FileAsync(int count)
    {
        var mails = Enumerable.Range(0, count).Select(_ => Mail.For(Account)).ToList();
        foreach (var mail in mails)
        {
            await Mailbox.FileAsync(mail);
        }

        return mails.ConvertAll(m => m.Delivery.Value);
    }

    private async Task<Dictionary<Guid, ulong>> ThreadsAsync(List<Guid> ids)
    {
        var threads = new Dictionary<Guid, ulong>();
        foreach (var part in ids.Chunk(EmailPage.MaxIds))
        {
            foreach (var email in (await Emails.GetAsync(part, withContent: false)).Emails)
            {
                threads[email.Id] = email.Thread;
            }
        }

        Assert.Equal(ids.Count, threads.Count);
        return threads;
    }

    private async Task StoreAsync(params MessageFlags[] flags)
    {
        foreach (var flag in flags)
        {
            var inbox = (await Mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
            await Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(1, 1)], Change = FlagChange.Add, Flags = flag });
        }
    }

    /// <summary>What the journal's manifest stands for is written anew without the members that are younger than that.</summary>
    private async Task MakeOlderAsync()
    {
        await silo.ForgetAsync();
        var journal = silo.Services.GetRequiredService<IJournal>();
        var head = await journal.OpenAsync(Journal, CancellationToken.None);
        var manifest = await ManifestAsync();
        var events = new List<MailboxEvent>();
        await foreach (var bytes in journal.ReadAsync(Journal, head, CancellationToken.None))
        {
            events.Add(Serializer.Decode<MailboxEvent>(bytes));
        }

        var folders = new List<FolderManifest>();
        foreach (var folder in manifest.Folders)
        {
            folders.Add(folder with { Chunks = [.. await Task.WhenAll(folder.Chunks.Select(OlderAsync))], CreatedModSeq = 0, ChangedModSeq = 0 });
        }

        var older = manifest with { Folders = folders, DeparturesFrom = null };
        var name = $"{MailboxSeal.BlobPrefix(new(Account))}manifest-{Guid.NewGuid():N}";
        await WriteAsync(name, older);
        var replaced = await journal.ReplaceAsync(Journal, head, name, CancellationToken.None);
        var bare = events.Select(e => (ReadOnlyMemory<byte>)Serializer.Encode(e is MessageFiled filed ? filed with { Row = Bare(filed.Row) } : e)).ToArray();
        Assert.NotNull(await journal.AppendAsync(Journal, replaced!, bare, CancellationToken.None));
        sealedTo = (int)manifest.ModSeq;
    }

    private async Task<ChunkManifest> OlderAsync(ChunkManifest chunk)
    {
        var rows = await ReadAsync<ChunkRows>(chunk.Rows);
        var name = $"{MailboxSeal.BlobPrefix(new(Account))}rows-{Guid.NewGuid():N}";
        await WriteAsync(name, rows with { Rows = Array.ConvertAll(rows.Rows, Bare) });
        return chunk with { Rows = name, HasThreads = false, FirstDate = null, LastDate = null, Unread = null };
    }

    private static MessageRow Bare(MessageRow row) => row with { Thread = 0, CreatedModSeq = 0, AddedModSeq = 0 };

    private async Task<MailboxManifest> ManifestAsync() =>
        await ReadAsync<MailboxManifest>((await silo.Services.GetRequiredService<IJournal>().OpenAsync(Journal, CancellationToken.None)).Manifest!);

    private async Task<T> ReadAsync<T>(string blob)
        where T : IStoredRecord => Serializer.Decode<T>(await Blobs.ReadAsync(blob, 0, int.MaxValue, CancellationToken.None));

    private async Task WriteAsync<T>(string blob, T record)
        where T : IStoredRecord
    {
        await using var upload = Blobs.Create(blob, owners: []);
        await upload.WriteAsync(Serializer.Encode(record), CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
    }
}
