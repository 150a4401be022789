using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What answers questions sees of the mailbox's grain, for as long as the activation lives.</summary>
/// <param name="Durable">Completes when all that was recorded is durable: every answer waits for it.</param>
/// <param name="Record">Records an event: in the step that decided it, with nothing awaited in between.</param>
/// <param name="BodyIdOf">The id in a body's name; it throws when the body is none of this tenant's.</param>
/// <param name="Room">For what is kept of conversations.</param>
/// <param name="SealNow">Seals although the journal is short; completes when that is durable.</param>
internal sealed record EmailMailbox(
    AccountId Account, MailboxState State, ChunkStore Chunks, GrainStorage Storage, Func<Task> Durable, Action<MailboxEvent> Record, Func<BodyRef, Guid> BodyIdOf, ThreadRoom Room,
    Func<Task> SealNow);
