using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>A mailbox as a plain list of rows, and what is done to it and to the real one; queries of it are answered by looking at all.</summary>
internal sealed class EmailModel(TestSilo silo, string account, int seed)
{
    private static readonly MessageFlags[] Flags = [MessageFlags.Seen, MessageFlags.Flagged, MessageFlags.Deleted, MessageFlags.Draft, MessageFlags.Answered];

    private readonly Dictionary<(int Folder, uint Uid), ModelRow> rows = [];
    private readonly List<string> keywords = [];

    public IMailboxGrain Mailbox => silo.Mailbox(account);

    public IEmailGrain Emails => silo.Grains.GetGrain<IEmailGrain>(account);

    public Random Random { get; } = new(seed);

    /// <summary>Folder ids by name.</summary>
    public Dictionary<string, int> Folders { get; } = new(StringComparer.Ordinal);

    public int Rows => rows.Count;

    public async Task StartAsync()
    {
        await Mailbox.CreateAsync(new() { Folders = [new("Trash", "\\Trash"), new("Archive", "\\Archive")] });
        await ReadFoldersAsync();
    }

    public Task StepAsync() => Random.Next(24) switch
    {
        < 5 => AppendAsync(AnyFolder(), Random.Next(1, 40)),
        5 or 6 => FileAsync(),
        < 12 => StoreAsync(),
        12 or 13 => CopyAsync(move: false),
        < 17 => CopyAsync(move: true),
        17 or 18 => ExpungeAsync(),
        19 => CreateFolderAsync(),
        20 when Random.Next(3) == 0 => DeleteFolderAsync(),
        21 when Random.Next(6) == 0 => RenameInboxAsync(),
        22 when Random.Next(3) == 0 => silo.ForgetAsync(),
        _ => AppendAsync("INBOX", 1),
    };

    public async Task AppendAsync(string folder, int count, int headerBytes = 3000)
    {
        var messages = new List<AppendedMessage>();
        var flags = new List<MessageFlags>();
        for (var i = 0; i < count; i++)
        {
            var mail = await NewMailAsync();
            messages.Add(new()
            {
                Body = mail.Body,
                Summary = mail.Summary with { Header = new byte[headerBytes] },
                InternalDate = mail.InternalDate,
                Flags = Random.Next(4) == 0 ? MessageFlags.Seen : MessageFlags.None,
            });
            flags.Add(messages[^1].Flags);
        }

        var result = await Mailbox.AppendAsync(new() { Operation = Guid.NewGuid(), Folder = folder, Messages = messages });
        Assert.Equal(WriteOutcome.Done, result.Outcome);
        foreach (var (uid, i) in result.Uids.SelectMany(Each).Select((uid, i) => (uid, i)))
        {
            rows[(Folders[folder], uid)] = new(EmailOf(messages[i].Body, messages[i].Summary, messages[i].InternalDate), flags[i]);
        }
    }

    public async Task FileAsync()
    {
        var mail = await NewMailAsync();
        var outcome = await Mailbox.FileAsync(mail with { Prefix = [] });
        Assert.Equal(FilingResult.Filed, outcome.Result);
        rows[(Folders["INBOX"], outcome.Uid)] = new(EmailOf(mail.Body, mail.Summary, mail.InternalDate), MessageFlags.None);
    }

    public async Task StoreAsync()
    {
        var folder = Folders[AnyFolder()];
        var uids = Pick(folder);
        var keyword = Random.Next(4) == 0 ? "$Important" : null;
        var flags = keyword is null ? Flags[Random.Next(Flags.Length)] : MessageFlags.None;
        var change = Random.Next(3) == 0 ? FlagChange.Remove : FlagChange.Add;
        var result = await Mailbox.StoreFlagsAsync(new()
        {
            Operation = Guid.NewGuid(),
            FolderId = folder,
            Uids = uids,
            Change = change,
            Flags = flags,
            Keywords = keyword is null ? [] : [keyword],
        });
        keywords.Clear();
        keywords.AddRange(result.Keywords);
        var bits = flags | (keyword is null ? MessageFlags.None : KeywordBits.Find(keywords, keyword));
        foreach (var row in rows.Where(r => r.Key.Folder == folder && Contains(uids, r.Key.Uid)).Select(r => r.Value))
        {
            row.Flags = change == FlagChange.Add ? row.Flags | bits : row.Flags & ~bits;
        }
    }

    public async Task CopyAsync(bool move)
    {
        var (source, target) = (Folders[AnyFolder()], AnyFolder());
        var result = await Mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = source, Uids = Pick(source), Target = target, Move = move });
        Assert.Equal(WriteOutcome.Done, result.Outcome);
        var sources = result.Sources.SelectMany(Each).Select(uid => rows[(source, uid)]).ToList();
        foreach (var uid in move ? result.Sources.SelectMany(Each) : [])
        {
            rows.Remove((source, uid));
        }

        foreach (var (row, uid) in sources.Zip(result.Targets.SelectMany(Each)))
        {
            rows[(Folders[target], uid)] = new(row.Email, row.Flags);
        }
    }

    public async Task ExpungeAsync()
    {
        var folder = Folders[AnyFolder()];
        await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = folder });
        foreach (var row in rows.Where(r => r.Key.Folder == folder && (r.Value.Flags & MessageFlags.Deleted) != 0).ToArray())
        {
            rows.Remove(row.Key);
        }
    }

    /// <summary>The ids of a query's result, by looking at everything.</summary>
    public List<Guid> Query(EmailQuery query)
    {
        var emails = rows.GroupBy(r => r.Value.Email).Select(g => new Seen(g.Key, [.. g.Select(r => r.Key.Folder)], Merged(g.Select(r => r.Value.Flags)))).ToList();
        var threads = emails.ToLookup(e => e.Email.Thread);
        var sorts = query.Sort.Count == 0 ? [new(EmailSortKey.ReceivedAt, false)] : query.Sort;
        var sorted = emails.Where(e => Matches(query.Filter, e)).OrderBy(_ => 0);
        foreach (var sort in sorts)
        {
            sorted = sort.Ascending ? sorted.ThenBy(e => Key(sort, e)) : sorted.ThenByDescending(e => Key(sort, e));
        }

        var result = sorted.ThenByDescending(e => e.Email.Id.ToString("N"), StringComparer.Ordinal).ToList();
        return [.. (query.CollapseThreads ? result.DistinctBy(e => e.Email.Thread) : result).Select(e => e.Email.Id)];

        bool Has(Seen email, string keyword) => (email.Flags & FlagOf(keyword)) != 0;

        long Key(EmailSort sort, Seen email) => sort.Key switch
        {
            EmailSortKey.ReceivedAt => email.Email.Date,
            EmailSortKey.Size => email.Email.Size,
            EmailSortKey.HasKeyword => Has(email, sort.Keyword) ? 1 : 0,
            EmailSortKey.AllInThreadHaveKeyword => threads[email.Email.Thread].All(e => Has(e, sort.Keyword)) ? 1 : 0,
            _ => threads[email.Email.Thread].Any(e => Has(e, sort.Keyword)) ? 1 : 0,
        };

        bool Matches(EmailFilter filter, Seen email) => filter.Kind switch
        {
            EmailFilterKind.And => filter.Conditions.All(c => Matches(c, email)),
            EmailFilterKind.Or => filter.Conditions.Any(c => Matches(c, email)),
            EmailFilterKind.Not => !filter.Conditions.Any(c => Matches(c, email)),
            EmailFilterKind.InFolder => email.Folders.Contains(filter.Folders[0]),
            EmailFilterKind.InOtherFolder => email.Folders.Except(filter.Folders).Any(),
            EmailFilterKind.Before => email.Email.Date < filter.Number,
            EmailFilterKind.After => email.Email.Date >= filter.Number,
            EmailFilterKind.MinSize => email.Email.Size >= filter.Number,
            EmailFilterKind.MaxSize => email.Email.Size < filter.Number,
            EmailFilterKind.HasKeyword => Has(email, filter.Keyword),
            EmailFilterKind.AllInThreadHaveKeyword => threads[email.Email.Thread].All(e => Has(e, filter.Keyword)),
            _ => threads[email.Email.Thread].Any(e => Has(e, filter.Keyword)),
        };
    }

    /// <summary>The Emails of each thread, by date and id.</summary>
    public List<List<Guid>> Threads() =>
    [
        .. rows.Values.Select(r => r.Email).Distinct().GroupBy(e => e.Thread)
            .Select(g => g.OrderBy(e => e.Date).ThenBy(e => e.Id.ToString("N"), StringComparer.Ordinal).Select(e => e.Id).ToList()),
    ];

    /// <summary>Threads with an Email in a folder, and those with an unread one.</summary>
    public (int Total, int Unread) ThreadCounts(int folder)
    {
        var inFolder = rows.GroupBy(r => r.Value.Email).Where(g => g.Any(r => r.Key.Folder == folder)).ToList();
        var unread = inFolder.Where(g => (Merged(g.Select(r => r.Value.Flags)) & (MessageFlags.Seen | MessageFlags.Draft)) == 0);
        return (inFolder.DistinctBy(g => g.Key.Thread).Count(), unread.DistinctBy(g => g.Key.Thread).Count());
    }

    private async Task CreateFolderAsync()
    {
        var name = $"f{Random.Next(1000)}";
        if (Folders.Count < 6 && !Folders.ContainsKey(name))
        {
            Assert.Equal(FolderResult.Done, await Mailbox.CreateFolderAsync(Guid.NewGuid(), new(name, null)));
            await ReadFoldersAsync();
        }
    }

    private async Task DeleteFolderAsync()
    {
        if (Folders.Keys.FirstOrDefault(f => f.StartsWith('f')) is { } name)
        {
            Assert.Equal(FolderResult.Done, await Mailbox.DeleteFolderAsync(Guid.NewGuid(), name));
            rows.Keys.Where(r => r.Folder == Folders[name]).ToList().ForEach(r => rows.Remove(r));
            await ReadFoldersAsync();
        }
    }

    private async Task RenameInboxAsync()
    {
        var name = $"f{Random.Next(1000, 9000)}";
        var inbox = Folders["INBOX"];
        Assert.Equal(FolderResult.Done, await Mailbox.RenameFolderAsync(Guid.NewGuid(), "INBOX", name));
        await ReadFoldersAsync();
        foreach (var row in rows.Where(r => r.Key.Folder == inbox).ToArray())
        {
            rows.Remove(row.Key);
            rows[(Folders[name], row.Key.Uid)] = row.Value;
        }
    }

    private async Task ReadFoldersAsync()
    {
        Folders.Clear();
        foreach (var folder in await Mailbox.ListFoldersAsync())
        {
            if (!folder.NonExistent)
            {
                Folders[folder.Name] = folder.Id;
            }
        }
    }

    // Dates are near those of others, in any order, and often the same.
    private async Task<FilingRequest> NewMailAsync()
    {
        var mail = Mail.For(account, bodyLength: Random.Next(100, 200), prefix: "");
        await using var upload = silo.Services.GetRequiredService<IMessageBlobs>().Create(mail.Body.Name, [BodyOwner.Mailbox(new(account))]);
        await upload.WriteAsync(new byte[mail.Body.Length], CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
        return mail with
        {
            InternalDate = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + (rows.Count / 4) + Random.Next(40)),
            Summary = mail.Summary with { Envelope = new() { Subject = "s", InReplyTo = $"<t{Random.Next(1 + (rows.Count / 2))}@x>" } },
        };
    }

    private readonly Dictionary<Guid, ModelEmail> known = [];

    private ModelEmail EmailOf(BodyRef body, MessageSummary summary, DateTimeOffset date)
    {
        var id = Guid.ParseExact(body.Name[(body.Name.LastIndexOf('/') + 1)..], "N");
        return known[id] = new(id, summary.Envelope.InReplyTo!, date.ToUnixTimeMilliseconds(), body.Length);
    }

    private string AnyFolder() => Random.Next(2) == 0 ? "INBOX" : Folders.Keys.ElementAt(Random.Next(Folders.Count));

    private UidRange[] Pick(int folder)
    {
        var uids = rows.Keys.Where(r => r.Folder == folder).Select(r => r.Uid).Order().ToList();
        var first = uids.Count == 0 ? 1 : uids[Random.Next(uids.Count)];
        return [new(first, first + (uint)Random.Next(0, 12))];
    }

    private MessageFlags FlagOf(string keyword) => keyword switch
    {
        "$seen" => MessageFlags.Seen,
        "$flagged" => MessageFlags.Flagged,
        _ => KeywordBits.Find(keywords, keyword),
    };

    private static MessageFlags Merged(IEnumerable<MessageFlags> rows)
    {
        var all = rows.ToList();
        var some = all.Aggregate((a, b) => a | b) & ~(MessageFlags.Seen | MessageFlags.Deleted);
        return all.TrueForAll(f => (f & MessageFlags.Seen) != 0) ? some | MessageFlags.Seen : some;
    }

    private static bool Contains(UidRange[] ranges, uint uid) => ranges.Any(r => r.First <= uid && uid <= r.Last);

    private static IEnumerable<uint> Each(UidRange range) => Enumerable.Range((int)range.First, range.Count).Select(uid => (uint)uid);

    private sealed record ModelEmail(Guid Id, string Thread, long Date, long Size);

    private sealed record Seen(ModelEmail Email, int[] Folders, MessageFlags Flags);

    private sealed class ModelRow(ModelEmail email, MessageFlags flags)
    {
        public ModelEmail Email => email;

        public MessageFlags Flags { get; set; } = flags;
    }
}
