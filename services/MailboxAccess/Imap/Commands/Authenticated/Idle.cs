using MailCloud.Cluster;
using MailCloud.Watching;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>
/// IDLE (RFC 2177): what changes in the selected mailbox is told at once, and so is what is sent to the account's terminals, until the client says DONE.
/// The inactivity timer runs on, so that clients begin anew within 29 minutes (RFC 2177 §3).
/// </summary>
internal static class Idle
{
    /// <summary>How often the client hears something: it keeps middleboxes from forgetting the connection. Dovecot's imap_idle_notify_interval is the same.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromMinutes(2);

    /// <summary>How long a mailbox that did not answer is left alone.</summary>
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(5);

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Writer.Line("+ idling");
        await session.Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, session.WhileIdle);
        var answer = session.ReadAnswerAsync(waiting.Token).AsTask();
        try
        {
            await TellUntilAsync(answer, session, stop.Token).ConfigureAwait(false);
            var line = await answer.ConfigureAwait(false);
            return System.Text.Ascii.EqualsIgnoreCase(line.Span, "DONE"u8) ? ImapReply.Ok("IDLE completed") : ImapReply.Bad("Expected DONE");
        }
        finally
        {
            // Nobody may read from the connection after this, whatever went wrong.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task TellUntilAsync(Task answer, ImapSession session, CancellationToken cancellationToken)
    {
        var watch = session.Selected is null ? null : session.Services.Watches.Enter(session.Account!.Value);
        var traces = watch?.Traces.Follow();
        try
        {
            while (!answer.IsCompleted)
            {
                // Taken before the mailbox is asked: what changes while it answers wakes us again.
                var news = watch?.Next ?? Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                await session.TellNoticesAsync(cancellationToken).ConfigureAwait(false);
                var pause = await TellAsync(session, traces, cancellationToken).ConfigureAwait(false) ? null : Task.Delay(PauseAfterError, session.Services.Time, cancellationToken);
                await WaitAsync(pause ?? news, session.NextNotice, answer, session, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (watch is not null)
            {
                session.Services.Watches.Leave(watch);
            }
        }
    }

    // False: the mailbox did not answer. The client sees nothing of it; it is asked again.
    private static async Task<bool> TellAsync(ImapSession session, NoticeTraces.Follower? traces, CancellationToken cancellationToken)
    {
        using var activity = traces?.StartTelling(ImapTelemetry.Activities, "imap.notify");
        try
        {
            await session.TellChangesAsync(mayExpunge: true, cancellationToken).ConfigureAwait(false);
        }
        catch (GrainUnavailableException)
        {
            return false;
        }

        await session.Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task WaitAsync(Task news, Task notice, Task answer, ImapSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var silence = Task.Delay(SignOfLife, session.Services.Time, end.Token);
            var first = await Task.WhenAny(news, notice, answer, silence).ConfigureAwait(false);
            await end.CancelAsync().ConfigureAwait(false);
            if (first != silence)
            {
                return;
            }

            session.Writer.Line("* OK Still here");
            await session.Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
