using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>
/// One key of SEARCH (RFC 3501 §6.4.4). A key answers from what is at hand and gives null when it must see more: first the row, then the
/// content (summary and header), then the body.
/// </summary>
internal abstract record SearchKey
{
    public abstract ValueTask<bool?> MatchAsync(SearchedMessage message);
}

internal sealed record AllKey : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => new(true);
}

internal sealed record AndKey(IReadOnlyList<SearchKey> Keys) : SearchKey
{
    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        bool? all = true;
        foreach (var key in Keys)
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

internal sealed record OrKey(SearchKey One, SearchKey Other) : SearchKey
{
    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        var one = await One.MatchAsync(message).ConfigureAwait(false);
        if (one == true)
        {
            return true;
        }

        var other = await Other.MatchAsync(message).ConfigureAwait(false);
        return other == true ? true : one is null || other is null ? null : false;
    }
}

internal sealed record NotKey(SearchKey Key) : SearchKey
{
    public override async ValueTask<bool?> MatchAsync(SearchedMessage message) => !await Key.MatchAsync(message).ConfigureAwait(false);
}

/// <summary>Message sequence numbers or UIDs.</summary>
internal sealed record SetKey(SequenceSet Set, bool ByUid) : SearchKey
{
    // A search sees one state of the view, so that the set is resolved once.
    private List<SequenceRange>? resolved;

    public override ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        var view = message.View;
        resolved ??= Set.Resolve(ByUid ? view.LastUid : (uint)view.Count);
        return new(Contains(resolved, ByUid ? message.Row.Uid : (uint)view.NumberOf(message.Row.Uid)));
    }

    private static bool Contains(List<SequenceRange> ranges, uint number)
    {
        int low = 0, high = ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < ranges.Count && ranges[low].First <= number;
    }
}

internal sealed record FlagKey(MessageFlags Flag, bool Set) : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => new(((message.Row.Flags & Flag) != 0) == Set);
}

internal sealed record KeywordKey(string Keyword, bool Set) : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message) =>
        new(((message.Row.Flags & FlagNames.KeywordBit(Keyword, message.Keywords)) != 0) == Set);
}

internal sealed record RecentKey(bool Set) : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message) => new(message.View.IsRecent(message.Row.Uid) == Set);
}

internal sealed record SizeKey(uint Octets, bool Larger) : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message) =>
        new(Larger ? message.Row.Size > Octets : message.Row.Size < Octets);
}

internal enum DateComparison
{
    Before = 0,
    On = 1,
    Since = 2,
}

/// <summary>A date without time and zone (RFC 3501 §6.4.4): the internal date, or the Date field for the SENT keys.</summary>
internal sealed record DateKey(DateOnly Date, DateComparison Comparison, bool Sent) : SearchKey
{
    public override ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        if (Sent && message.Row.Content is null)
        {
            return default;
        }

        return (Sent ? message.Row.Content!.Summary.Envelope.SentAt : message.Row.InternalDate) is { } time
            ? new(Compare(DateOnly.FromDateTime(time.DateTime)))
            : new(false);
    }

    private bool Compare(DateOnly date) => Comparison switch
    {
        DateComparison.Before => date < Date,
        DateComparison.On => date == Date,
        _ => date >= Date,
    };
}

/// <summary>Text in fields of a name; an empty text asks whether there is such a field.</summary>
internal sealed record HeaderKey(string Field, string Text) : SearchKey
{
    public override async ValueTask<bool?> MatchAsync(SearchedMessage message) =>
        message.Row.Content is null ? null : await message.HeaderContainsAsync(Field, Text).ConfigureAwait(false);
}

/// <summary>BODY, and TEXT which looks at the header too.</summary>
internal sealed record TextKey(string Text, bool Header) : SearchKey
{
    public override async ValueTask<bool?> MatchAsync(SearchedMessage message)
    {
        if (message.Row.Content is null)
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
