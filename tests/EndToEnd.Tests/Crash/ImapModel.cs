using System.Collections.Immutable;
using System.Globalization;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>A message as a client knows it; its modseq is at least <paramref name="ModSeq"/>.</summary>
internal sealed record KnownMessage(string Id, string Flags, long ModSeq);

/// <summary>A folder as a client knows it. UIDVALIDITY 0: made, and not looked at yet.</summary>
internal sealed record KnownFolder(uint UidValidity, uint UidNext, long HighestModSeq, ImmutableSortedDictionary<uint, KnownMessage> Messages)
{
    public static KnownFolder Empty { get; } = new(0, 1, 0, ImmutableSortedDictionary<uint, KnownMessage>.Empty);

    /// <summary>What a change that follows must have as its modseq, at least.</summary>
    public long NextModSeq => HighestModSeq + 1;

    /// <summary>The folder after a change of its messages: HIGHESTMODSEQ has grown (RFC 7162 §3.1.2.1).</summary>
    public KnownFolder Changed(ImmutableSortedDictionary<uint, KnownMessage> messages) => this with { Messages = messages, HighestModSeq = NextModSeq };
}

/// <summary>A change that was asked for: what is there after it, apart from the messages that it adds to one folder, whose UIDs are not known yet.</summary>
internal sealed record ImapChange(
    string Command, ImmutableSortedDictionary<string, KnownFolder> Rest, string AddsTo, IReadOnlyList<(string Id, string Flags)> Added)
{
    /// <summary>The folders after the change, with the UIDs that the server gave.</summary>
    public ImmutableSortedDictionary<string, KnownFolder> After(IReadOnlyList<uint> uids) => Added.Count == 0 ? Rest : Rest.SetItem(AddsTo, Filled(Rest[AddsTo], uids));

    private KnownFolder Filled(KnownFolder folder, IReadOnlyList<uint> uids) => folder.Changed(folder.Messages.AddRange(
        Added.Zip(uids, (m, uid) => KeyValuePair.Create(uid, new KnownMessage(m.Id, m.Flags, folder.NextModSeq))))) with
    { UidNext = uids[^1] + 1 };
}

/// <summary>What is wrong with what a server has, in the eyes of a client that knows what it was told.</summary>
internal static class ImapCheck
{
    /// <summary>
    /// The folders found must be those known, or, when a change was not answered, those after that change: the whole of it. Returns what is wrong; empty when nothing is.
    /// </summary>
    public static string Compare(ImmutableSortedDictionary<string, KnownFolder> known, ImapChange? doubt, ImmutableSortedDictionary<string, KnownFolder> found)
    {
        var without = Compare(known, found);
        if (without.Length == 0 || doubt is null)
        {
            return without;
        }

        var with = ComparedAfter(doubt, found);
        return with.Length == 0 ? "" : $"{doubt.Command} was not answered, and is there neither not at all ({without}) nor whole ({with})";
    }

    private static string ComparedAfter(ImapChange doubt, ImmutableSortedDictionary<string, KnownFolder> found)
    {
        if (doubt.Added.Count == 0)
        {
            return Compare(doubt.Rest, found);
        }

        var next = doubt.Rest[doubt.AddsTo].UidNext;
        uint[] uids = found.TryGetValue(doubt.AddsTo, out var folder) ? [.. folder.Messages.Keys.Where(uid => uid >= next)] : [];
        return uids.Length == doubt.Added.Count ? Compare(doubt.After(uids), found) : $"{uids.Length} of {doubt.Added.Count} messages came to {doubt.AddsTo}";
    }

    private static string Compare(ImmutableSortedDictionary<string, KnownFolder> known, ImmutableSortedDictionary<string, KnownFolder> found)
    {
        if (!known.Keys.SequenceEqual(found.Keys))
        {
            return $"folders {string.Join(", ", known.Keys)} are now {string.Join(", ", found.Keys)}";
        }

        return string.Join("; ", known.Select(k => Compare(k.Key, k.Value, found[k.Key])).Where(wrong => wrong.Length > 0));
    }

    private static string Compare(string name, KnownFolder known, KnownFolder found)
    {
        if (known.UidValidity != 0 && known.UidValidity != found.UidValidity)
        {
            return $"UIDVALIDITY of {name} was {known.UidValidity} and is {found.UidValidity}";
        }

        if (known.UidNext > found.UidNext)
        {
            return $"UIDNEXT of {name} fell from {known.UidNext} to {found.UidNext}";
        }

        if (!Write(known).SequenceEqual(Write(found)))
        {
            return $"{name} had [{string.Join(", ", Write(known).Except(Write(found)))}] and has [{string.Join(", ", Write(found).Except(Write(known)))}]";
        }

        if (known.HighestModSeq > found.HighestModSeq)
        {
            return $"HIGHESTMODSEQ of {name} is {found.HighestModSeq}, not at least {known.HighestModSeq}";
        }

        return string.Join(", ", known.Messages.Where(m => m.Value.ModSeq > found.Messages[m.Key].ModSeq)
            .Select(m => $"the modseq of UID {m.Key} of {name} is {found.Messages[m.Key].ModSeq}, not at least {m.Value.ModSeq}"));
    }

    private static string[] Write(KnownFolder folder) => [.. folder.Messages.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value.Id} {m.Value.Flags}"))];
}
