using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Mailboxes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Has the mailbox write the Emails of one call. The state that the client asks for is checked again with the first change.</summary>
internal sealed class EmailWriter
{
    private readonly JmapCall call;
    private readonly IEmailGrain mailbox;
    private readonly long? wanted;

    private EmailWriter(JmapCall call, long? wanted) => (this.call, mailbox, this.wanted) = (call, call.Emails, wanted);

    public SetStates States { get; } = new();

    private long? IfModSeq => States.Changed ? null : wanted;

    /// <exception cref="MethodException">stateMismatch.</exception>
    public static async Task<EmailWriter> BeginAsync(JmapCall call, string? ifInState, CancellationToken cancellationToken)
    {
        var now = await FolderReader.ReadModSeqAsync(call, cancellationToken);
        if (ifInState is not null && ifInState != JmapState.Text(now))
        {
            throw SetArguments.StateMismatch;
        }

        var writer = new EmailWriter(call, ifInState is null ? null : now);
        writer.States.Add(now, now);
        return writer;
    }

    /// <summary>Before anything is copied: the account has room for what is known of an Email, which counts in each of its folders. The mailbox decides again when it takes it.</summary>
    /// <exception cref="SetException">overQuota.</exception>
    public async Task CheckRoomAsync(long octets, int[] folders, CancellationToken cancellationToken)
    {
        var quota = await call.Services.Calls.CallAsync(() => call.Services.Grains.GetGrain<IMailboxGrain>(call.Account.Value).GetQuotaAsync(), cancellationToken);
        if (quota?.Allows(octets * folders.Length) == false)
        {
            throw new SetException(ErrorOf(EmailOutcome.OverQuota));
        }
    }

    /// <summary>Anything but <see cref="EmailOutcome.Done"/> leaves the body to the caller.</summary>
    /// <exception cref="MethodException">stateMismatch.</exception>
    public async Task<EmailResult> AddAsync(int[] folders, AppendedMessage message, CancellationToken cancellationToken)
    {
        var email = new NewEmail { Operation = Guid.NewGuid(), Folders = folders, Message = message, IfModSeq = IfModSeq };
        var result = await call.Services.Calls.CallAsync(() => mailbox.AddAsync(email), cancellationToken);
        States.Add(result.OldModSeq, result.ModSeq);
        return result.Outcome == EmailOutcome.StateMismatch ? throw SetArguments.StateMismatch : result;
    }

    /// <summary>What became of each, in order.</summary>
    /// <exception cref="MethodException">stateMismatch.</exception>
    public async Task<EmailOutcome[]> UpdateAsync(IReadOnlyList<EmailUpdate> updates, CancellationToken cancellationToken)
    {
        var outcomes = new List<EmailOutcome>();
        foreach (var part in updates.Chunk(EmailUpdates.MaxEmails))
        {
            var request = new EmailUpdates { Operation = Guid.NewGuid(), Updates = part, IfModSeq = IfModSeq };
            var result = await call.Services.Calls.CallAsync(() => mailbox.UpdateAsync(request), cancellationToken);
            States.Add(result.OldModSeq, result.ModSeq);
            outcomes.AddRange(result.Outcomes.Contains(EmailOutcome.StateMismatch) ? throw SetArguments.StateMismatch : result.Outcomes);
        }

        return [.. outcomes];
    }

    public static SetError ErrorOf(EmailOutcome outcome) => outcome switch
    {
        EmailOutcome.NotFound => new("notFound"),
        EmailOutcome.NoSuchFolder => SetError.InvalidProperties("there is no such mailbox", "mailboxIds"),
        EmailOutcome.NoFolder => SetError.InvalidProperties("an Email is in one mailbox at least", "mailboxIds"),
        EmailOutcome.OverQuota => new("overQuota", "the account has no room for it"),
        EmailOutcome.KeywordsFull => new("tooManyKeywords", $"an account has {KeywordBits.Max} keywords at most"),
        EmailOutcome.TooMany => new("tooManyMailboxes", $"an Email is put into {NewEmail.MaxFolders} mailboxes at most, and what one call copies is one step of the account"),
        _ => throw new InvalidOperationException($"{outcome} is no refusal"),
    };
}
