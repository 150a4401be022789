using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>What a key must see to answer, the cheapest first.</summary>
internal enum SearchCost
{
    /// <summary>The session's view: no call of the mailbox.</summary>
    View = 0,

    /// <summary>The message's row.</summary>
    Row = 1,

    /// <summary>The summary and the header.</summary>
    Content = 2,

    /// <summary>The body.</summary>
    Body = 3,
}

/// <summary>One key of SEARCH (RFC 3501 §6.4.4). A key answers from what is at hand, and gives null when it must see more.</summary>
internal abstract record SearchKey
{
    public abstract SearchCost Cost { get; }

    /// <summary>True when the view alone may decide some messages.</summary>
    public virtual bool UsesView => Cost == SearchCost.View;

    /// <summary>A message whose modseq is not higher cannot match; 0 when the key says nothing about it.</summary>
    public virtual long ChangedSince => 0;

    /// <summary>True when a MODSEQ key stands in it (RFC 7162 §3.1.5).</summary>
    public virtual bool AsksForModSeq => false;

    /// <summary>True when a THREADID key stands in it (RFC 8474 §6).</summary>
    public virtual bool AsksForThread => false;

    public abstract ValueTask<bool?> MatchAsync(SearchedMessage message);
}

internal sealed record AllKey : SearchKey
{
    public override SearchCost Cost => SearchCost.View;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => new(true);
}

/// <summary>All of several keys, the cheap ones first: one that fails spares the others.</summary>
internal sealed record AndKey : SearchKey
{
    private readonly SearchKey[] keys;

    public AndKey(IEnumerable<SearchKey> keys) => this.keys = [.. keys.OrderBy(key => key.Cost)];

    public override SearchCost Cost => keys[^1].Cost;

    public override bool UsesView => keys.Any(key => key.UsesView);

    public override long ChangedSince => keys.Max(key => key.ChangedSince);

    public override bool AsksForModSeq => keys.Any(key => key.AsksForModSeq);

    public override bool AsksForThread => keys.Any(key => key.AsksForThread);

    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        bool? all = true;
        foreach (var key in keys)
        {
            switch (await key.MatchAsync(message).ConfigureAwait(false))
            {
                case false: return false;
                case null: all = null; break;
            }
        }

        return all;
    }
}

internal sealed record OrKey : SearchKey
{
    private readonly SearchKey cheap;
    private readonly SearchKey dear;

    public OrKey(SearchKey one, SearchKey other) => (cheap, dear) = one.Cost <= other.Cost ? (one, other) : (other, one);

    public override SearchCost Cost => dear.Cost;

    public override bool UsesView => cheap.UsesView || dear.UsesView;

    public override bool AsksForModSeq => cheap.AsksForModSeq || dear.AsksForModSeq;

    public override bool AsksForThread => cheap.AsksForThread || dear.AsksForThread;

    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        var one = await cheap.MatchAsync(message).ConfigureAwait(false);
        if (one == true)
        {
            return true;
        }

        var other = await dear.MatchAsync(message).ConfigureAwait(false);
        return other == true ? true : one is null || other is null ? null : false;
    }
}

internal sealed record NotKey(SearchKey Key) : SearchKey
{
    public override SearchCost Cost => Key.Cost;

    public override bool UsesView => Key.UsesView;

    public override bool AsksForModSeq => Key.AsksForModSeq;

    public override bool AsksForThread => Key.AsksForThread;

    public override async ValueTask<bool?> MatchAsync(SearchedMessage message) => !await Key.MatchAsync(message).ConfigureAwait(false);
}

/// <summary>Message sequence numbers or UIDs.</summary>
internal sealed record SetKey(SequenceSet Set, bool ByUid) : SearchKey
{
    // A search sees one state of the view, so that the set is resolved once.
    private UidRange[]? resolved;

    public override SearchCost Cost => SearchCost.View;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        var view = message.View;
        resolved ??= Set.ToUids(ByUid ? view.LastUid : (uint)view.Count);
        return new(UidRanges.Contains(resolved, ByUid ? message.Uid : (uint)view.NumberOf(message.Uid)));
    }
}

internal sealed record RecentKey(bool Set) : SearchKey
{
    public override SearchCost Cost => SearchCost.View;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => new(message.View.IsRecent(message.Uid) == Set);
}

/// <summary>A key that the row answers.</summary>
internal abstract record RowKey : SearchKey
{
    public override SearchCost Cost => SearchCost.Row;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => message.Row is { } row ? new(Matches(row, message)) : default;

    protected abstract bool Matches(FetchedMessage row, SearchedMessage message);
}

internal sealed record FlagKey(MessageFlags Flag, bool Set) : RowKey
{
    protected override bool Matches(FetchedMessage row, SearchedMessage message) => ((row.Flags & Flag) != 0) == Set;
}

internal sealed record KeywordKey(string Keyword, bool Set) : RowKey
{
    protected override bool Matches(FetchedMessage row, SearchedMessage message) =>
        ((row.Flags & KeywordBits.Find(message.Keywords, Keyword)) != 0) == Set;
}

internal sealed record SizeKey(uint Octets, bool Larger) : RowKey
{
    protected override bool Matches(FetchedMessage row, SearchedMessage message) => Larger ? row.Size > Octets : row.Size < Octets;
}

/// <summary>MODSEQ (RFC 7162 §3.1.5): a modseq at least this high. All metadata of a message has one modseq, so that an entry's name changes nothing.</summary>
internal sealed record ModSeqKey(long Lowest) : RowKey
{
    public override long ChangedSince => Math.Max(0, Lowest - 1);

    public override bool AsksForModSeq => true;

    protected override bool Matches(FetchedMessage row, SearchedMessage message) => row.ModSeq >= Lowest;
}

/// <summary>YOUNGER and OLDER (RFC 5032 §3): an internal date within so many seconds before now, or before that.</summary>
internal sealed record WithinKey(uint Seconds, bool Younger, DateTimeOffset Now) : RowKey
{
    protected override bool Matches(FetchedMessage row, SearchedMessage message)
    {
        var age = Now - row.InternalDate;
        return Younger ? age <= TimeSpan.FromSeconds(Seconds) : age >= TimeSpan.FromSeconds(Seconds);
    }
}

/// <summary>EMAILID (RFC 8474 §6): case counts.</summary>
internal sealed record EmailIdKey(string Id) : RowKey
{
    protected override bool Matches(FetchedMessage row, SearchedMessage message) => MessageObjectIds.EmailOf(row) == Id;
}

/// <summary>THREADID, likewise.</summary>
internal sealed record ThreadIdKey(string Id) : RowKey
{
    public override bool AsksForThread => true;

    protected override bool Matches(FetchedMessage row, SearchedMessage message) => MessageObjectIds.ThreadOf(row) == Id;
}

internal enum DateComparison
{
    Before = 0,
    On = 1,
    Since = 2,
}

/// <summary>The day of the internal date, without time and zone (RFC 3501 §6.4.4).</summary>
internal sealed record DateKey(DateOnly Date, DateComparison Comparison) : RowKey
{
    public static bool Compare(DateTimeOffset time, DateOnly date, DateComparison comparison)
    {
        var day = DateOnly.FromDateTime(time.DateTime);
        return comparison switch
        {
            DateComparison.Before => day < date,
            DateComparison.On => day == date,
            _ => day >= date,
        };
    }

    protected override bool Matches(FetchedMessage row, SearchedMessage message) => Compare(row.InternalDate, Date, Comparison);
}

/// <summary>The same of the Date field; a message without one does not match.</summary>
internal sealed record SentKey(DateOnly Date, DateComparison Comparison) : SearchKey
{
    public override SearchCost Cost => SearchCost.Content;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => message.Row?.Content is { } content
        ? new(content.Summary.Envelope.SentAt is { } time && DateKey.Compare(time, Date, Comparison))
        : default;
}

/// <summary>Text in fields of a name; an empty text asks whether there is such a field.</summary>
internal sealed record HeaderKey(string Field, SearchText Text) : SearchKey
{
    public override SearchCost Cost => SearchCost.Content;

    public override async ValueTask<bool?> MatchAsync(SearchedMessage message) =>
        message.Row?.Content is null ? null : await message.HeaderContainsAsync(Field, Text).ConfigureAwait(false);
}

/// <summary>BODY, and TEXT which looks at the header too.</summary>
internal sealed record TextKey(SearchText Text, bool Header) : SearchKey
{
    public override SearchCost Cost => SearchCost.Body;

    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        if (message.Row?.Content is null)
        {
            return null;
        }

        if (Header && await message.HeaderContainsAsync(null, Text).ConfigureAwait(false))
        {
            return true;
        }

        return message.MayOpenBody ? await message.BodyContainsAsync(Text).ConfigureAwait(false) : null;
    }
}
