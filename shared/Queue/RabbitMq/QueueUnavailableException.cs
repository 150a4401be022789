namespace MailCloud.Queue.RabbitMq;

/// <summary>The broker was not reached, or did not answer: its message says whether the entry may have been queued all the same. SMTP answers 451.</summary>
public sealed class QueueUnavailableException(string message, Exception? inner) : Exception(message, inner);
