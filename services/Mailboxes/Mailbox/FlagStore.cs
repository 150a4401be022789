using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Decides one STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3) on the flags as they are now.</summary>
internal sealed class FlagStore(MailboxState state, StoreRequest request, DateTimeOffset now)
{
    /// <summary>An event carries at most one chunk's worth of changes.</summary>
    private const int ChangesPerEvent = Chunk.MaxMessages;

    public (IReadOnlyList<FlagsChanged> Recorded, StoreResult Result) Decide(IReadOnlyList<FlagsOfMessage> current)
    {
        if (state.Operations.TryGetValue(request.Operation, out var remembered))
        {
            return ([], ResultOf([.. current.Where(m => !remembered.Unmodified.Contains(m.Uid))], remembered.Unmodified, state.Keywords));
        }

        var newKeywords = request.Change == FlagChange.Remove ? [] : MailboxKeywords.Missing(state.Keywords, request.Keywords);
        if (state.Keywords.Count + newKeywords.Count > KeywordBits.Max)
        {
            return ([], new() { Messages = [], Keywords = [.. state.Keywords], KeywordsFit = false });
        }

        List<string> keywords = [.. state.Keywords, .. newKeywords];
        var bits = request.Flags | MailboxKeywords.Bits(keywords, request.Keywords);
        var unmodified = current.Where(m => m.ModSeq > (request.UnchangedSince ?? long.MaxValue)).Select(m => m.Uid).ToArray();
        var after = current.Where(m => !unmodified.Contains(m.Uid)).Select(m => (Before: m, After: Changed(m.Flags, bits))).ToArray();
        var changes = after.Where(m => m.Before.Flags != m.After).Select(m => new FlagsBeforeAndAfter(m.Before.Uid, m.Before.Flags, m.After)).ToArray();
        var recorded = changes.Chunk(ChangesPerEvent).Select((part, i) => new FlagsChanged
        {
            FolderId = request.FolderId,
            ModSeq = state.ModSeq + 1 + i,
            Changes = part,
            NewKeywords = i == 0 ? newKeywords : [],
            Operation = request.Operation,
            Unmodified = unmodified,
            At = now,
        }).ToArray();
        var modSeqs = recorded.SelectMany(r => r.Changes.Select(c => (c.Uid, r.ModSeq))).ToDictionary(c => c.Uid, c => c.ModSeq);
        var messages = after.Select(m => new FlagsOfMessage(m.Before.Uid, m.After, modSeqs.GetValueOrDefault(m.Before.Uid, m.Before.ModSeq))).ToArray();
        return (recorded, ResultOf(messages, unmodified, changes.Length > 0 ? keywords : state.Keywords));
    }

    private static StoreResult ResultOf(IReadOnlyList<FlagsOfMessage> messages, IReadOnlyList<uint> unmodified, List<string> keywords) =>
        new() { Messages = messages, Unmodified = unmodified, Keywords = [.. keywords] };

    private MessageFlags Changed(MessageFlags before, MessageFlags bits) => request.Change switch
    {
        FlagChange.Add => before | bits,
        FlagChange.Remove => before & ~bits,
        _ => bits,
    };
}
