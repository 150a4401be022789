namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// The order of receivedAt. Chunks and tails of the folders that count are merged, and a chunk is opened only when a message of it may come next: the first page of a mailbox of a million opens one or two.
/// What is passed over is counted by chunks, which are opened only if they reach beyond the place that is looked for, or if it takes a look to know what in them matches.
/// </summary>
internal sealed class DateOrder : EmailOrder
{
    /// <summary>Passing over fewer Emails than this is no better than reading them.</summary>
    private const int WorthPassing = 64;

    private readonly SnapshotReader reader;
    private readonly Func<EmailFacts, bool> takes;
    private readonly bool ascending;
    private readonly PriorityQueue<Source, EmailEntry> waiting = new(EmailEntry.Order);
    private Source? current;

    /// <param name="chunkMatch">Of all messages of a chunk: false, it is not looked at; true, it need not be looked at to be counted.</param>
    public DateOrder(SnapshotReader reader, IEnumerable<SnapshotFolder> folders, Func<SnapshotFolder, SnapshotChunk, bool?> chunkMatch, Func<EmailFacts, bool> takes, bool ascending)
    {
        (this.reader, this.takes, this.ascending) = (reader, takes, ascending);
        var sources = new List<(Source Source, EmailEntry Head)>();
        foreach (var folder in folders)
        {
            foreach (var chunk in folder.Chunks)
            {
                if (chunkMatch(folder, chunk) is not false and var match)
                {
                    Add(new(folder, chunk, chunk.Dates is { } dates ? Range(dates.First, dates.Last) : null, match == true && !reader.MayHaveCopies(chunk)));
                }
            }

            if (folder.Tail.Length > 0)
            {
                var dates = Range(folder.Tail.Min(r => r.Row.InternalDate), folder.Tail.Max(r => r.Row.InternalDate));
                Add(new(folder, null, dates, false));
            }
        }

        waiting.EnqueueRange(sources);

        void Add(Source source) => sources.Add((source, source.Head));
    }

    public override async ValueTask<bool> ReadAsync()
    {
        while (current is not null || waiting.TryDequeue(out current, out _))
        {
            if (!current.IsOpen)
            {
                await OpenAsync(current);
            }

            if (current.IsAtEnd)
            {
                current = null;
            }
            else if (waiting.TryPeek(out _, out var other) && EmailEntry.Order.Compare(other, current.Head) < 0)
            {
                current = waiting.EnqueueDequeue(current, current.Head);
            }
            else
            {
                Current = current.Take();
                Next++;
                return true;
            }
        }

        return false;
    }

    public override async Task SkipAsync(long count)
    {
        var target = Next + count;
        for (var pays = true; pays && FarthestWithin(target - Next) is { } key;)
        {
            var before = Next;
            await PassAsync(key, counted: true);
            pays = Next - before >= WorthPassing;
        }

        await base.SkipAsync(target - Next);
    }

    public override Task SkipToAsync(EmailEntry email) => PassAsync(email.Key, counted: true);

    /// <summary>Begins at a date, without counting what stands before it.</summary>
    public Task StartFromAsync(long receivedAt) => PassAsync(ascending ? receivedAt : -receivedAt, counted: false);

    private (long First, long Last) Range(long first, long last) => ascending ? (first, last) : (-last, -first);

    private void Wait(Source source) => waiting.Enqueue(source, source.Head);

    // A key before which no more Emails than a number can stand; null: not even the first source is within it.
    private long? FarthestWithin(long count)
    {
        SetAside();
        var sources = waiting.UnorderedItems.Select(i => i.Element).ToList();
        if (sources.Sum(s => (long)s.Most) <= count)
        {
            return long.MaxValue;
        }

        sources.Sort((a, b) => a.First.CompareTo(b.First));
        var most = 0L;
        for (var i = 0; i < sources.Count; i++)
        {
            most += sources[i].Most;
            if (most > count)
            {
                return i == 0 ? null : sources[i].First;
            }
        }

        return long.MaxValue;
    }

    // Those that wait stand by what comes next in them: what begins at the key or behind it is not looked at.
    private async Task PassAsync(long key, bool counted)
    {
        SetAside();
        while (waiting.TryPeek(out var source, out _) && source.First < key)
        {
            waiting.Dequeue();
            Next += await PassAsync(source, key, counted);
            if (!source.IsAtEnd)
            {
                Wait(source);
            }
        }
    }

    // What is read waits as the others do.
    private void SetAside()
    {
        if (current is { IsAtEnd: false })
        {
            Wait(current);
        }

        current = null;
    }

    private async ValueTask<long> PassAsync(Source source, long key, bool counted)
    {
        var whole = source.Last < key && !source.IsOpen && (source.AllMatch || !counted);
        if (!whole && !source.IsOpen)
        {
            await OpenAsync(source);
        }

        var passed = whole ? source.PassAll() : source.PassTo(key);
        return counted ? passed : 0;
    }

    private async Task OpenAsync(Source source)
    {
        var rows = source.Chunk is { } chunk ? await reader.OpenAsync(source.Folder, chunk) : await reader.OpenTailAsync(source.Folder);
        var entries = new List<EmailEntry>();
        foreach (var email in rows)
        {
            if (takes(email))
            {
                entries.Add(EmailEntry.ByDate(email, ascending));
            }
        }

        entries.Sort(EmailEntry.Order);
        source.Open([.. entries]);
    }

    /// <summary>A chunk, or a folder's tail.</summary>
    private sealed class Source(SnapshotFolder folder, SnapshotChunk? chunk, (long First, long Last)? range, bool allMatch)
    {
        private EmailEntry[]? entries;
        private int at;
        private bool passed;

        public SnapshotFolder Folder => folder;

        public SnapshotChunk? Chunk => chunk;

        public bool AllMatch => allMatch;

        public bool IsOpen => entries is not null;

        public bool IsAtEnd => passed || at == entries?.Length;

        /// <summary>What can come next from here: while it is not open, any that is received then.</summary>
        public EmailEntry Head => entries is null ? new(range?.First ?? long.MinValue, Guid.AllBitsSet, 0) : entries[at];

        public long First => Head.Key;

        public long Last => entries is null ? range?.Last ?? long.MaxValue : entries[^1].Key;

        /// <summary>Emails left here at most.</summary>
        public int Most => entries is null ? chunk?.Count ?? folder.Tail.Length : entries.Length - at;

        public void Open(EmailEntry[] sorted) => entries = sorted;

        public EmailEntry Take() => entries![at++];

        public int PassAll()
        {
            passed = true;
            return Most;
        }

        public int PassTo(long key)
        {
            var before = at;
            while (at < entries!.Length && entries[at].Key < key)
            {
                at++;
            }

            return at - before;
        }
    }
}
