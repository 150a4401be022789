using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Decides how a message that a client brings comes into its folders: appended to the first, copied into the others.</summary>
internal sealed class EmailAddition(MailboxState state, NewEmail email, DateTimeOffset now)
{
    private readonly List<MailboxOperation> recorded = [];

    /// <summary>What to record; empty unless the decision was <see cref="EmailOutcome.Done"/>.</summary>
    public IReadOnlyList<MailboxOperation> Recorded => recorded;

    public ulong Thread { get; private set; }

    public EmailOutcome Decide(Serializer serializer, Func<BodyRef, Guid> bodyId)
    {
        var folders = email.Folders.Distinct().ToArray();
        if (Refusal(folders) is { } refusal)
        {
            return refusal;
        }

        var request = new AppendRequest
        {
            Operation = email.Operation,
            Folder = state.Folders[folders[0]].Name,
            Messages = [email.Message with { Flags = email.Message.Flags & ~MessageFlags.Deleted }],
        };
        var (operation, result) = new MessageDecisions(state, now).Append(request, serializer, bodyId);
        if (operation is not MessagesAppended appended)
        {
            return result.Outcome == WriteOutcome.KeywordsFull ? EmailOutcome.KeywordsFull : EmailOutcome.OverQuota;
        }

        if ((long)appended.Messages[0].Content.Length * folders.Length > MessageDecisions.MaxContentBytes)
        {
            return EmailOutcome.TooMany;
        }

        Thread = appended.Messages[0].Row.Thread;
        recorded.Add(appended);
        recorded.AddRange(folders.Skip(1).Select((folder, i) => Copy(appended, state.Folders[folder], appended.ModSeq + 1 + i)));
        recorded[^1] = recorded[^1] with { Emails = new() { OldModSeq = state.ModSeq, ModSeq = recorded[^1].ModSeq, Outcomes = [], Thread = Thread } };
        return EmailOutcome.Done;
    }

    private EmailOutcome? Refusal(int[] folders)
    {
        if (email.IfModSeq is { } wanted && wanted != state.ModSeq)
        {
            return EmailOutcome.StateMismatch;
        }

        if (folders.Length == 0)
        {
            return EmailOutcome.NoFolder;
        }

        if (!folders.All(state.Folders.ContainsKey))
        {
            return EmailOutcome.NoSuchFolder;
        }

        if (folders.Length > NewEmail.MaxFolders)
        {
            return EmailOutcome.TooMany;
        }

        // It counts once for each folder, as copies do.
        var bytes = email.Message.Summary.LengthShown(email.Message.Body.Length) * folders.Length;
        return new MailboxQuota(state.UsedBytes, state.QuotaBytes).Allows(bytes) ? null : EmailOutcome.OverQuota;
    }

    private MessagesCopied Copy(MessagesAppended appended, Folder target, long modSeq) => new()
    {
        Operation = email.Operation,
        At = now,
        ModSeq = modSeq,
        SourceId = appended.FolderId,
        Sources = appended.Uids,
        TargetId = target.Id,
        Messages = [.. appended.Messages.Select(m => m with { Row = m.Row with { Uid = target.UidNext, CreatedModSeq = appended.ModSeq } })],
        Move = false,
        UidValidity = target.UidValidity,
    };
}
