using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Decides APPEND, COPY, MOVE and EXPUNGE on the mailbox as it is now.</summary>
internal sealed class MessageDecisions(MailboxState state, DateTimeOffset now)
{
    /// <summary>Octets of summaries that one event may carry: a journal of the cluster takes them in one append.</summary>
    public const int MaxContentBytes = 64 * 1024 * 1024;

    public (MailboxOperation? Recorded, AppendResult Result) Append(AppendRequest request, Serializer serializer, Func<BodyRef, Guid> bodyId)
    {
        if (state.Operations.TryGetValue(request.Operation, out var remembered))
        {
            return (null, new() { Outcome = WriteOutcome.Done, UidValidity = remembered.UidValidity, Uids = remembered.Targets });
        }

        if (state.FindFolder(request.Folder) is not { } folder)
        {
            return (null, new() { Outcome = WriteOutcome.NoSuchFolder });
        }

        var newKeywords = MailboxKeywords.Missing(state.Keywords, request.Messages.SelectMany(m => m.Keywords));
        if (state.Keywords.Count + newKeywords.Count > KeywordBits.Max)
        {
            return (null, new() { Outcome = WriteOutcome.KeywordsFull });
        }

        if (!HasRoomFor(request.Messages.Sum(SizeOf)))
        {
            return (null, new() { Outcome = WriteOutcome.OverQuota });
        }

        List<string> keywords = [.. state.Keywords, .. newKeywords];
        var appended = new MessagesAppended
        {
            Operation = request.Operation,
            At = now,
            ModSeq = state.ModSeq + 1,
            FolderId = folder.Id,
            Messages = [.. request.Messages.Select((m, i) => new AddedMessage(
                new(folder.UidNext + (uint)i, SizeOf(m), m.Body.Length, m.InternalDate.ToUnixTimeMilliseconds(), bodyId(m.Body), ThreadId.Of(m.Summary, bodyId(m.Body))),
                m.Flags | MailboxKeywords.Bits(keywords, m.Keywords),
                serializer.Encode(new MessageContent([], m.Summary))))],
            NewKeywords = [.. newKeywords],
            UidValidity = folder.UidValidity,
        };
        return (appended, new() { Outcome = WriteOutcome.Done, UidValidity = folder.UidValidity, Uids = appended.Uids });
    }

    /// <summary>The messages to copy as they are now, by UID, each with its content.</summary>
    public (MailboxOperation? Recorded, CopyResult Result) Copy(CopyRequest request, IReadOnlyList<AddedMessage> messages)
    {
        if (state.Operations.TryGetValue(request.Operation, out var remembered))
        {
            return (null, new() { Outcome = WriteOutcome.Done, UidValidity = remembered.UidValidity, Sources = remembered.Sources, Targets = remembered.Targets });
        }

        if (state.FindFolder(request.Target) is not { } target)
        {
            return (null, new() { Outcome = WriteOutcome.NoSuchFolder });
        }

        if (messages.Count == 0)
        {
            return (null, new() { Outcome = WriteOutcome.Done, UidValidity = target.UidValidity });
        }

        if (messages.Count > CopyRequest.MaxMessages || messages.Sum(m => (long)m.Content.Length) > MaxContentBytes)
        {
            return (null, new() { Outcome = WriteOutcome.TooMany });
        }

        if (!request.Move && !HasRoomFor(messages.Sum(m => m.Row.Size)))
        {
            return (null, new() { Outcome = WriteOutcome.OverQuota });
        }

        var copied = new MessagesCopied
        {
            Operation = request.Operation,
            At = now,
            ModSeq = state.ModSeq + 1,
            SourceId = request.FolderId,
            Sources = UidRanges.From(messages.Select(m => m.Row.Uid)),
            TargetId = target.Id,
            Messages = [.. messages.Select((m, i) => m with { Row = m.Row with { Uid = target.UidNext + (uint)i } })],
            Move = request.Move,
            UidValidity = target.UidValidity,
        };
        return (copied, new() { Outcome = WriteOutcome.Done, UidValidity = target.UidValidity, Sources = copied.Sources, Targets = copied.Targets });
    }

    /// <summary>The messages to remove as they are now, by UID.</summary>
    public (IReadOnlyList<MailboxOperation> Recorded, int Expunged) Expunge(Guid operation, int folderId, IReadOnlyList<RemovedMessage> removed)
    {
        if (state.Operations.ContainsKey(operation))
        {
            return ([], 0);
        }

        var recorded = removed.Chunk(Chunk.MaxMessages).Select((part, i) => new MessagesExpunged
        {
            Operation = operation,
            At = now,
            ModSeq = state.ModSeq + 1 + i,
            FolderId = folderId,
            Messages = part,
        });
        return ([.. recorded], removed.Count);
    }

    private bool HasRoomFor(long bytes) => new MailboxQuota(state.UsedBytes, state.QuotaBytes).Allows(bytes);

    // As FETCH shows it: what lines cannot carry is shown in base64.
    private static long SizeOf(AppendedMessage message) => message.Summary.LengthShown(message.Body.Length);
}
