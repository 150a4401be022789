using System.Collections.Frozen;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Audit;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Push;
using MailCloud.Mailboxes.Sending;
using MailCloud.Mailboxes.Spool;
using MailCloud.Mailboxes.Submissions;
using MailCloud.Mailboxes.Suppressions;
using MailCloud.Mailboxes.Tokens;
using MailCloud.Mailboxes.Traces;
using MailCloud.Mailboxes.Vacation;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>One journal: it loads as its grain would load it, and a mailbox's chunks, messages and counts agree.</summary>
internal sealed class JournalCheck(string name, GrainStorage storage, ChunkStore chunks, IMessageBlobs blobs, VerifyCounts counts)
{
    /// <summary>Findings kept of one journal: a mailbox whose every message is damaged needs no list of a million.</summary>
    private const int MaxFindings = 1000;

    private const int LoadAttempts = 5;

    /// <summary>How the journals of each kind of grain are looked at; mailboxes apart.</summary>
    private static readonly FrozenDictionary<string, Func<JournalCheck, CancellationToken, Task>> checks = new Dictionary<string, Func<JournalCheck, CancellationToken, Task>>
    {
        ["spool"] = (check, cancellationToken) => check.CheckSpoolAsync(cancellationToken),
        ["trace"] = (check, cancellationToken) => check.CheckTraceAsync(cancellationToken),
        ["audit"] = (check, cancellationToken) => check.CheckAuditAsync(cancellationToken),
        ["job"] = (check, cancellationToken) => check.CheckJobAsync(cancellationToken),
        ["jobs"] = (check, cancellationToken) => check.ReadSnapshotAsync<JobListState, JobListed>(cancellationToken),
        ["job-queue"] = (check, cancellationToken) => check.ReadSnapshotAsync<JobQueueState, JobQueued>(cancellationToken),
        ["tenant"] = (check, cancellationToken) => check.ReadSnapshotAsync<TenantState, TenantEvent>(cancellationToken),
        ["domain"] = (check, cancellationToken) => check.ReadSnapshotAsync<DomainState, DomainHosted>(cancellationToken),
        ["dkim"] = (check, cancellationToken) => check.ReadSnapshotAsync<DkimState, DkimEvent>(cancellationToken),
        ["oidc"] = (check, cancellationToken) => check.ReadSnapshotAsync<TenantOidcState, OidcIssuerChanged>(cancellationToken),
        ["address"] = (check, cancellationToken) => check.ReadSnapshotAsync<AddressState, AddressChanged>(cancellationToken),
        ["app-passwords"] = (check, cancellationToken) => check.ReadSnapshotAsync<AppPasswordsState, AppPasswordEvent>(cancellationToken),
        ["totp"] = (check, cancellationToken) => check.ReadSnapshotAsync<TotpState, TotpEvent>(cancellationToken),
        ["logins"] = (check, cancellationToken) => check.ReadSnapshotAsync<LoginsState, LoginsTold>(cancellationToken),
        ["index"] = (check, cancellationToken) => check.ReadSnapshotAsync<AddressIndexState, AddressListed>(cancellationToken),
        ["group"] = (check, cancellationToken) => check.ReadSnapshotAsync<GroupState, GroupPageUsed>(cancellationToken),
        ["group-page"] = (check, cancellationToken) => check.ReadSnapshotAsync<GroupPageState, GroupPageChanged>(cancellationToken),
        ["expansion"] = (check, cancellationToken) => check.ReadSnapshotAsync<ExpansionState, ExpansionEvent>(cancellationToken),
        ["upkeep-turns"] = (check, cancellationToken) => check.ReadSnapshotAsync<UpkeepTurnsState, UpkeepTurnTaken>(cancellationToken),
        ["deletions"] = (check, cancellationToken) => check.ReadSnapshotAsync<DeletionsState, DeletionListed>(cancellationToken),
        ["usage"] = (check, cancellationToken) => check.ReadSnapshotAsync<TenantUsageState, UsageEvent>(cancellationToken),
        ["standing"] = (check, cancellationToken) => check.ReadSnapshotAsync<StandingNewsState, StandingTold>(cancellationToken),
        ["sending"] = (check, cancellationToken) => check.ReadSnapshotAsync<SendingState, RecipientsCounted>(cancellationToken),
        ["push"] = (check, cancellationToken) => check.ReadSnapshotAsync<PushSubscriptionsState, PushSubscriptionEvent>(cancellationToken),
        ["push-shard"] = (check, cancellationToken) => check.ReadSnapshotAsync<PushShardState, PushAccountListed>(cancellationToken),
        ["submissions"] = (check, cancellationToken) => check.ReadSnapshotAsync<SubmissionsState, SubmissionsEvent>(cancellationToken),
        ["vacation"] = (check, cancellationToken) => check.ReadSnapshotAsync<VacationState, VacationEvent>(cancellationToken),
        ["token"] = (check, cancellationToken) => check.ReadSnapshotAsync<ApiTokenState, ApiTokenChanged>(cancellationToken),
        ["tokens"] = (check, cancellationToken) => check.ReadSnapshotAsync<ApiTokenListState, ApiTokenListed>(cancellationToken),
        ["suppressions"] = (check, cancellationToken) => check.ReadSnapshotAsync<SuppressionState, SuppressionEvent>(cancellationToken),
        ["suppression-index"] = (check, cancellationToken) => check.ReadSnapshotAsync<SuppressionIndexState, SuppressionBucketUsed>(cancellationToken),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly List<UpkeepRecord> findings = [];

    // How many messages refer to a body.
    private readonly Dictionary<Guid, int> references = [];

    /// <summary>True when the state could be loaded.</summary>
    public bool Loaded { get; private set; }

    /// <summary>Whether this build has grains whose journals have such names.</summary>
    public static bool Knows(string journalName) => StateParts.AccountOf(journalName) is not null || checks.ContainsKey(KindOf(journalName));

    public async Task<IReadOnlyList<UpkeepRecord>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CheckAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever keeps it from loading keeps its grain from activating too.
            Add($"it cannot be loaded: {e.Message}; restore what is missing, or the newest archived state");
        }

        return findings;
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (StateParts.AccountOf(name) is { } account)
        {
            counts.Mailboxes++;
            var state = await LoadMailboxAsync(cancellationToken);
            Loaded = true;
            await CheckMailboxAsync(account, state, cancellationToken);
            return;
        }

        if (!checks.TryGetValue(KindOf(name), out var check))
        {
            findings.Add(Verifier.Leftover(name, "a journal of a kind that this build does not know: a later one made it, and no sweep of this one touches it"));
            return;
        }

        await check(this, cancellationToken);
        Loaded = true;
    }

    private static string KindOf(string journalName) => journalName.Split('/')[0];

    private Task<MailboxState> LoadMailboxAsync(CancellationToken cancellationToken) => AtRestAsync(async head =>
    {
        var state = head.Manifest is null ? new() : MailboxState.From(await chunks.LoadAsync<MailboxManifest>(head.Manifest, cancellationToken));
        await foreach (var bytes in storage.Journal.ReadAsync(name, head, cancellationToken))
        {
            state.Apply(storage.Serializer.Decode<MailboxEvent>(bytes));
        }

        return state;
    }, cancellationToken);

    private async Task CheckSpoolAsync(CancellationToken cancellationToken)
    {
        var state = await ReadSnapshotAsync<SpoolState, SpoolEvent>(cancellationToken);
        foreach (var page in state?.Pages ?? [])
        {
            if (await CheckLoadsAsync<SpoolPageEntries>(page.Blob, "waiting mail cannot be read", "it is not tried", cancellationToken) is { } content
                && content.Entries.Length != page.Local + page.Outbound)
            {
                Add($"page {page.Blob} has {content.Entries.Length} entries, and the manifest says {page.Local + page.Outbound}");
            }
        }

        foreach (var segment in (state?.TakenOver ?? []).SelectMany(day => day.Segments))
        {
            await CheckLoadsAsync<TakenOverKeys>(segment.Blob, "what was taken over cannot be read", "a late repeat of it would fail", cancellationToken);
        }
    }

    // That they are there: there may be far more of them than of mail.
    private async Task CheckTraceAsync(CancellationToken cancellationToken)
    {
        var state = await ReadSnapshotAsync<TraceState, TraceBatch>(cancellationToken);
        foreach (var segment in state?.Segments ?? [])
        {
            if (await blobs.FindAsync(segment.Blob, cancellationToken) is null)
            {
                Add($"segment {segment.Blob} is missing; what became of some messages of these hours cannot be said any more");
            }
        }
    }

    private async Task CheckAuditAsync(CancellationToken cancellationToken)
    {
        var state = await ReadSnapshotAsync<AuditState, AuditEvent>(cancellationToken);
        foreach (var segment in state?.Segments ?? [])
        {
            await CheckLoadsAsync<AuditSegment>(segment.Blob, "what administrators did cannot be read", $"the log ends before record {segment.Last} and goes on after it", cancellationToken);
        }
    }

    private async Task CheckJobAsync(CancellationToken cancellationToken)
    {
        var state = await ReadSnapshotAsync<JobState, JobEvent>(cancellationToken);
        foreach (var segment in state?.Segments ?? [])
        {
            await CheckLoadsAsync<JobSegment>(segment.Blob, "what the job found cannot be read", "the job goes on, and the list of it fails", cancellationToken);
        }
    }

    private async Task<TState?> ReadSnapshotAsync<TState, TEvent>(CancellationToken cancellationToken)
        where TState : class, IStoredRecord
        where TEvent : class, IStoredRecord => await AtRestAsync(async head =>
        {
            var state = head.Manifest is null ? null : await chunks.LoadAsync<TState>(head.Manifest, cancellationToken);
            await foreach (var bytes in storage.Journal.ReadAsync(name, head, cancellationToken))
            {
                storage.Serializer.Decode<TEvent>(bytes);
            }

            return state;
        }, cancellationToken);

    /// <summary>Reads again when the grain seals meanwhile: the blobs of the state before may be gone then.</summary>
    private async Task<T> AtRestAsync<T>(Func<JournalHead, Task<T>> read, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await read(await storage.Journal.OpenAsync(name, cancellationToken));
            }
            catch (Exception e) when (e is JournalMovedException or BlobMissingException && attempt < LoadAttempts)
            {
            }
        }
    }

    private async Task CheckMailboxAsync(AccountId account, MailboxState state, CancellationToken cancellationToken)
    {
        foreach (var folder in state.Folders.Values)
        {
            foreach (var chunk in folder.Chunks)
            {
                await CheckChunkAsync(account, folder, chunk, cancellationToken);
            }

            foreach (var message in folder.Tail)
            {
                await CheckMessageAsync(account, folder, message.Row, message.Content, cancellationToken);
            }

            CheckUids(folder);
        }

        var bytes = state.Folders.Values.Sum(folder => folder.Bytes);
        if (bytes != state.UsedBytes)
        {
            Add($"its quota counts {state.UsedBytes} octets and its folders {bytes}");
        }

        CheckReferences(state.Bodies);
        await CheckFurtherPartsAsync(state, cancellationToken);
    }

    // Chunks of deleted folders still count until they have been read; then their bodies are dropped one by one.
    private void CheckReferences(BodyReferences bodies)
    {
        foreach (var (body, count) in references)
        {
            var stated = bodies.Copies.GetValueOrDefault(body, 1);
            if (stated < count || (stated > count && bodies.Discards.Count == 0))
            {
                Add($"{count} messages refer to body {body}, and {stated} are counted");
            }

            if (bodies.Outbox.Contains(body))
            {
                Add($"body {body} is about to be released, and {count} messages refer to it");
            }
        }
    }

    private void CheckUids(Folder folder)
    {
        var uids = folder.Chunks.SelectMany(chunk => chunk.Uids).SelectMany(range => (uint[])[range.First, range.Last])
            .Concat(folder.Tail.SelectMany(message => (uint[])[message.Row.Uid, message.Row.Uid])).ToList();
        for (var i = 1; i < uids.Count; i++)
        {
            // Both ends of a one-message range are equal; anything else rises.
            if (uids[i] < uids[i - 1] || (i % 2 == 0 && uids[i] == uids[i - 1]))
            {
                Add($"UIDs of folder {folder.Name} do not rise after {uids[i - 1]}");
            }
        }

        if (uids.Count > 0 && folder.UidNext <= uids[^1])
        {
            Add($"UIDNEXT of folder {folder.Name} is {folder.UidNext}, but there is a message with UID {uids[^1]}");
        }
    }

    private async Task CheckChunkAsync(AccountId account, Folder folder, Chunk chunk, CancellationToken cancellationToken)
    {
        try
        {
            var rows = await chunks.LoadAsync<ChunkRows>(chunk.RowsBlob, cancellationToken);
            var flags = await chunks.LoadAsync<ChunkFlags>(chunk.FlagsBlob, cancellationToken);
            var contents = await blobs.ReadAsync(chunk.ContentsBlob, 0, int.MaxValue, cancellationToken);
            if (flags.Flags.Length != rows.Rows.Length || flags.ModSeqs.Length != rows.Rows.Length || rows.ContentOffsets[^1] != contents.Length)
            {
                Add($"the parts of a chunk of folder {folder.Name} are not of one length: {chunk.RowsBlob}, {chunk.FlagsBlob}, {chunk.ContentsBlob}");
                return;
            }

            var messages = new LoadedChunk(chunk, rows, flags).Messages().ToList();
            CheckCounts(folder, chunk, messages);
            foreach (var (index, row, _) in messages)
            {
                var content = contents[rows.ContentOffsets[index]..rows.ContentOffsets[index + 1]];
                await CheckMessageAsync(account, folder, row, content, cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Add($"a chunk of folder {folder.Name} cannot be read: {e.Message}; restore the blob from a backup");
        }
    }

    private void CheckCounts(Folder folder, Chunk chunk, List<(int Index, MessageRow Row, FlagsOfMessage Flags)> messages)
    {
        var counted = (messages.Count, messages.Sum(m => FlagCounts.Unseen(m.Flags.Flags)), messages.Sum(m => FlagCounts.Deleted(m.Flags.Flags)), messages.Sum(m => m.Row.Size));
        var stated = (chunk.Count, chunk.Unseen, chunk.Deleted, chunk.Bytes);
        if (counted != stated)
        {
            Add($"chunk {chunk.RowsBlob} of folder {folder.Name} has (messages, unseen, deleted, octets) {counted}, and the manifest says {stated}");
        }
    }

    private async Task CheckMessageAsync(AccountId account, Folder folder, MessageRow row, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        counts.Messages++;
        references[row.Body] = references.GetValueOrDefault(row.Body) + 1;
        var where = $"message {row.Uid} of folder {folder.Name}";
        try
        {
            chunks.Decode(content);
        }
        catch (Exception e)
        {
            Add($"the content of {where} cannot be read: {e.Message}");
        }

        var bodyName = BodyRef.NameFor(account.Tenant, new(row.Body));
        var body = await blobs.FindAsync(bodyName, cancellationToken);
        var owner = BodyOwner.Mailbox(account);
        var wrong = body is null ? "which does not exist; restore it from a backup"
            : body.Length != row.BodyLength ? $"which has {body.Length} octets instead of {row.BodyLength}; restore it from a backup"
            : !body.Owners.Contains(owner) ? "which does not name this mailbox as an owner"
            : body.Released.Contains(owner) ? "which this mailbox has released; copy it away before a sweep deletes it"
            : null;
        if (wrong is not null)
        {
            Add($"{where} refers to body {bodyName}, {wrong}");
        }
    }

    private async Task CheckFurtherPartsAsync(MailboxState state, CancellationToken cancellationToken)
    {
        foreach (var archive in state.Archives)
        {
            if (await blobs.FindAsync(archive.Blob, cancellationToken) is null)
            {
                Add($"archive {archive.Blob} is missing; the mailbox works, but cannot be restored to a moment before {archive.SealedAt:u}");
            }
        }

        foreach (var blob in state.Filed.Blobs())
        {
            await CheckLoadsAsync<FiledDay>(blob, "the deliveries of a day cannot be read", "a late repeat of one of them would fail", cancellationToken);
        }

        foreach (var segment in state.Folders.Values.SelectMany(f => f.Expunged.Segments))
        {
            await CheckLoadsAsync<ExpungedEntries>(segment.Blob, "a log of expunged messages cannot be read", "clients that were away cannot catch up", cancellationToken);
        }

        foreach (var segment in state.Departures.Segments)
        {
            await CheckLoadsAsync<DepartedEmails>(segment.Blob, "a log of Emails that left cannot be read", "JMAP clients that were away read the mailbox anew", cancellationToken);
        }

        foreach (var discard in state.Bodies.Discards)
        {
            await CheckLoadsAsync<ChunkRows>(discard.RowsBlob, "messages of a deleted folder cannot be read", "their bodies are not released", cancellationToken);
        }
    }

    private async Task<T?> CheckLoadsAsync<T>(string blob, string what, string so, CancellationToken cancellationToken)
        where T : class, IStoredRecord
    {
        try
        {
            return await chunks.LoadAsync<T>(blob, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Add($"{what}: {e.Message}; {so} until {blob} is restored");
            return null;
        }
    }

    private void Add(string text)
    {
        if (findings.Count < MaxFindings)
        {
            findings.Add(Verifier.Problem(name, text));
        }
    }
}
