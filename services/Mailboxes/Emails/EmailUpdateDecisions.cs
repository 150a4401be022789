using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Decides changes of Emails on the places where they are now, each whole or not at all, and gathers what they come to: of the same kind and the same folders one event, so that a thousand messages
/// are moved by one. Flags change first, then copies come, then what moves goes, then the rest leaves: so a body is never without a message in between.
/// </summary>
internal sealed class EmailUpdateDecisions(MailboxState state, Guid operation, DateTimeOffset now)
{
    private readonly SortedDictionary<int, List<FlagsBeforeAndAfter>> flags = [];
    private readonly Dictionary<(int Source, int Target), List<Transfer>> copies = [];
    private readonly Dictionary<(int Source, int Target), List<Transfer>> moves = [];
    private readonly SortedDictionary<int, List<RemovedMessage>> expunged = [];
    private readonly List<string> keywords = [.. state.Keywords];
    private readonly HashSet<Guid> decided = [];
    private long usedBytes = state.UsedBytes;
    private long contentBytes;

    /// <summary>Places whose contents are copied or moved.</summary>
    public IEnumerable<EmailPlace> Sources => copies.Values.Concat(moves.Values).SelectMany(t => t).Select(t => t.Place);

    /// <param name="update">What is asked.</param>
    /// <param name="places">All where the Email is.</param>
    public EmailOutcome Decide(EmailUpdate update, IReadOnlyList<EmailPlace> places)
    {
        // The places of an Email are looked at once: who names it twice in one call gets the first.
        if (places.Count == 0 || !decided.Add(update.Email))
        {
            return EmailOutcome.NotFound;
        }

        if (update.Destroy)
        {
            Expunge(places);
            return EmailOutcome.Done;
        }

        var before = places.Select(p => p.Folder.Id).ToHashSet();
        var after = update.Folders?.ToHashSet() ?? [.. before.Union(update.AddFolders).Except(update.RemoveFolders)];
        var wanted = MailboxKeywords.Missing(keywords, EmailFlags.KeywordsOf(update.Keywords ?? update.AddKeywords));
        var added = after.Except(before).Order().ToArray();
        var gone = places.Where(p => !after.Contains(p.Folder.Id)).ToArray();
        if (Refusal(after, wanted, places[0], added.Length, gone.Length) is { } refusal)
        {
            return refusal;
        }

        keywords.AddRange(wanted);
        usedBytes += places[0].Row.Size * (added.Length - gone.Length);
        contentBytes += (long)places[0].Content.Length * added.Length;
        Change(update, places, added, gone);
        return EmailOutcome.Done;
    }

    /// <summary>The events, of which the last carries the outcomes.</summary>
    /// <param name="outcomes">Of all that was decided, in order.</param>
    /// <param name="messageOf">What comes into another folder of one of <see cref="Sources"/>.</param>
    public IReadOnlyList<MailboxEvent> ToRecord(EmailOutcome[] outcomes, Func<EmailPlace, AddedMessage> messageOf)
    {
        var recorded = new List<MailboxEvent>();
        foreach (var (folder, part) in flags.SelectMany(f => f.Value.Chunk(Chunk.MaxMessages).Select(part => (f.Key, part))))
        {
            recorded.Add(new FlagsChanged
            {
                FolderId = folder,
                ModSeq = Next(),
                Changes = part,
                NewKeywords = recorded.Count == 0 ? keywords[state.Keywords.Count..] : [],
                Operation = operation,
                Unmodified = [],
                At = now,
            });
        }

        var uids = new Dictionary<int, uint>();
        foreach (var (way, transfers) in copies)
        {
            recorded.Add(Copied(way, transfers, move: false));
        }

        foreach (var (way, transfers) in moves)
        {
            recorded.Add(Copied(way, transfers, move: true));
        }

        foreach (var (folder, part) in expunged.SelectMany(f => f.Value.OrderBy(m => m.Uid).Chunk(Chunk.MaxMessages).Select(part => (f.Key, part))))
        {
            recorded.Add(new MessagesExpunged { Operation = operation, At = now, ModSeq = Next(), FolderId = folder, Messages = part });
        }

        if (recorded.Count > 0)
        {
            recorded[^1] = Remember(recorded[^1], new() { OldModSeq = state.ModSeq, ModSeq = state.ModSeq + recorded.Count, Outcomes = Array.TrueForAll(outcomes, o => o == EmailOutcome.Done) ? [] : outcomes });
        }

        return recorded;

        long Next() => state.ModSeq + recorded.Count + 1;

        MessagesCopied Copied((int Source, int Target) between, List<Transfer> transfers, bool move)
        {
            var target = state.Folders[between.Target];
            var first = uids.GetValueOrDefault(target.Id, target.UidNext);
            uids[target.Id] = first + (uint)transfers.Count;
            var sorted = transfers.OrderBy(t => t.Place.Row.Uid).ToArray();
            return new()
            {
                Operation = operation,
                At = now,
                ModSeq = Next(),
                SourceId = between.Source,
                Sources = UidRanges.From(sorted.Select(t => t.Place.Row.Uid)),
                TargetId = target.Id,
                Messages = [.. sorted.Select((t, i) => Moved(messageOf(t.Place), first + (uint)i, t.Flags))],
                Move = move,
                UidValidity = target.UidValidity,
            };
        }
    }

    private static AddedMessage Moved(AddedMessage message, uint uid, MessageFlags flags) => message with { Row = message.Row with { Uid = uid }, Flags = flags };

    private EmailOutcome? Refusal(HashSet<int> after, IReadOnlyList<string> newKeywords, EmailPlace place, int added, int gone)
    {
        if (after.Count == 0)
        {
            return EmailOutcome.NoFolder;
        }

        if (!after.All(state.Folders.ContainsKey))
        {
            return EmailOutcome.NoSuchFolder;
        }

        if (added > 0 && after.Count > NewEmail.MaxFolders)
        {
            return EmailOutcome.TooMany;
        }

        if (keywords.Count + newKeywords.Count > KeywordBits.Max)
        {
            return EmailOutcome.KeywordsFull;
        }

        if (added > gone && !new MailboxQuota(usedBytes, state.QuotaBytes).Allows(place.Row.Size * (added - gone)))
        {
            return EmailOutcome.OverQuota;
        }

        return added > 0 && contentBytes + ((long)place.Content.Length * added) > MessageDecisions.MaxContentBytes ? EmailOutcome.TooMany : null;
    }

    private void Change(EmailUpdate update, IReadOnlyList<EmailPlace> places, int[] added, EmailPlace[] gone)
    {
        // One that leaves a folder while the Email comes into another is moved there, so that IMAP sees it move. Of each folder that it leaves only one is: its own copies there stay behind.
        var movable = gone.DistinctBy(p => p.Folder.Id).ToArray();
        var moving = movable.Zip(added).ToArray();
        var leaving = gone.Except(moving.Select(m => m.First)).ToArray();

        // Where copies differ and some leave, those that stay get what the Email has: nobody asked to change it.
        var common = gone.Length > 0 ? MergedEmail.Flags(places) : (MessageFlags?)null;
        var staying = places.Except(leaving).Select(p => new Transfer(p, After(update, p, common))).ToArray();
        foreach (var (place, after) in staying.Where(s => s.Flags != s.Place.Flags.Flags))
        {
            ListOf(flags, place.Folder.Id).Add(new(place.Row.Uid, place.Flags.Flags, after));
        }

        foreach (var (from, target) in moving)
        {
            ListOf(moves, (from.Folder.Id, target)).Add(staying.First(s => s.Place == from));
        }

        // \Deleted is of one place only.
        var source = staying[0] with { Flags = staying[0].Flags & ~MessageFlags.Deleted };
        foreach (var target in added.Skip(moving.Length))
        {
            ListOf(copies, (source.Place.Folder.Id, target)).Add(source);
        }

        foreach (var place in leaving)
        {
            ListOf(expunged, place.Folder.Id).Add(place.Removed);
        }
    }

    private MessageFlags After(EmailUpdate update, EmailPlace place, MessageFlags? common)
    {
        var deleted = place.Flags.Flags & MessageFlags.Deleted;
        var before = common is { } shared ? shared | deleted : place.Flags.Flags;
        return update.Keywords is { } whole
            ? EmailFlags.Bits(keywords, whole) | deleted
            : (before | EmailFlags.Bits(keywords, update.AddKeywords)) & ~EmailFlags.Bits(keywords, update.RemoveKeywords);
    }

    private void Expunge(IReadOnlyList<EmailPlace> places)
    {
        foreach (var place in places)
        {
            ListOf(expunged, place.Folder.Id).Add(place.Removed);
            usedBytes -= place.Row.Size;
        }
    }

    private static MailboxEvent Remember(MailboxEvent last, RememberedEmails result) => last switch
    {
        FlagsChanged e => e with { Emails = result },
        MailboxOperation e => e with { Emails = result },
        _ => throw new InvalidOperationException($"no update ends with {last.GetType().Name}"),
    };

    private static List<T> ListOf<TKey, T>(IDictionary<TKey, List<T>> lists, TKey key)
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists[key] = list = [];
        }

        return list;
    }

    /// <summary>A message and the flags that it has when the change is made.</summary>
    private readonly record struct Transfer(EmailPlace Place, MessageFlags Flags);
}
