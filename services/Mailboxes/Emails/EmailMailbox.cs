using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What answers questions about Emails sees of the mailbox's grain, for as long as the activation lives.</summary>
/// <param name="Durable">Completes when all that was recorded is durable: every answer waits for it.</param>
/// <param name="Record">Records an event: in the step that decided it, with nothing awaited in between.</param>
/// <param name="DiscardsRead">Completes when what stood in folders that were deleted is known to be gone, or after a while: bodies are released one chunk after another.</param>
/// <param name="BodyIdOf">The id in a body's name; it throws when the body is none of this tenant's.</param>
internal sealed record EmailMailbox(
    AccountId Account, MailboxState State, ChunkStore Chunks, GrainStorage Storage, Func<Task> Durable, Action<MailboxEvent> Record, Func<BodyRef, Guid> BodyIdOf, Func<Task> DiscardsRead);
