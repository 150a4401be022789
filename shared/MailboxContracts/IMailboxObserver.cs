using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// An edge that serves sessions of a mailbox. A notice is a hint that there is something to ask for: notices may be lost, doubled or late, and what changed is told by
/// <see cref="IMailboxGrain.GetChangesAsync"/> from the modseq that each session has.
/// </summary>
[Alias("mc.IMailboxObserver")]
public interface IMailboxObserver : IGrainObserver
{
    /// <summary>What the mailbox's journal holds up to this modseq is durable.</summary>
    [OneWay, Alias("Changed")]
    Task ChangedAsync(AccountId account, long modSeq);

    /// <summary>Something of the account that stands beside its mailbox, and has states of its own, has changed durably: identities, submissions, the vacation response.</summary>
    [OneWay, Alias("Others")]
    Task OthersChangedAsync(AccountId account);

    /// <summary>The mailbox's grain ends where it is, and knows no watchers where it is made anew: who watches tells it again.</summary>
    [OneWay, Alias("Moves")]
    Task MovesAsync(AccountId account);
}
