namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// Calls of grains, repeated when they fail: the journal may have moved to another silo, or an answer been lost. Who changes something gives
/// an operation id, so that a repeat changes nothing more.
/// </summary>
internal sealed class GrainCalls(ImapOptions options, TimeProvider time)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500)];

    /// <exception cref="MailboxUnavailableException">Every attempt failed.</exception>
    public async ValueTask<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call().WaitAsync(options.GrainTimeout, time, cancellationToken).ConfigureAwait(false);
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

/// <summary>The directory or the mailbox did not answer; the client is told NO [UNAVAILABLE] (RFC 5530 §3).</summary>
internal sealed class MailboxUnavailableException(Exception inner) : Exception("a grain did not answer", inner);
