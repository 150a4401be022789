using MailCloud.Messages;

namespace MailCloud.Embedded.Queue;

/// <summary>An entry in memory: its row, how large its record is, and how often it has failed.</summary>
internal sealed record QueueEntry(long Id, QueuedMessage Message, int Size, int Failures);
