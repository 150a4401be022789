namespace MailCloud.MailboxAccess;

/// <summary>
/// Calls of grains, repeated when they fail: the journal may have moved to another silo, or an answer been lost. Who changes something gives
/// an operation id, so that a repeat changes nothing more.
/// </summary>
/// <param name="timeout">How long one call may take.</param>
/// <param name="time">The clock of it.</param>
internal sealed class GrainCalls(TimeSpan timeout, TimeProvider time)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500)];

    /// <exception cref="MailboxUnavailableException">Every attempt failed.</exception>
    public async ValueTask<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call().WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (attempt == Pauses.Length)
                {
                    throw new MailboxUnavailableException(e);
                }
            }

            await Task.Delay(Pauses[attempt], time, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>The directory or the mailbox did not answer; the client may try again later (IMAP: NO [UNAVAILABLE], RFC 5530 §3; POP3: -ERR [SYS/TEMP], RFC 3206 §4).</summary>
internal sealed class MailboxUnavailableException(Exception inner) : Exception("a grain did not answer", inner);
