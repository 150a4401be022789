using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>
/// A session's hold on the maildrop (RFC 1939 §4), which the mailbox forgets after a minute: renewed in the background until it is given back or used up. Whether the session
/// still has it counts only when it removes messages, and then the mailbox itself looks.
/// </summary>
internal sealed class MaildropHold(Guid session, AccountId account, string connection, IMailboxGrain mailbox, Pop3Services services) : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private Task renewing = Task.CompletedTask;
    private bool isUsedUp;

    public Guid Session => session;

    public void Start() => renewing = RenewAsync();

    /// <summary>Nothing is renewed any more: a renewal behind the removal would take the maildrop anew.</summary>
    public async ValueTask StopAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await renewing.ConfigureAwait(false);
    }

    /// <summary>The mailbox has taken the maildrop back, with the removal: there is nothing to give.</summary>
    public void UseUp() => isUsedUp = true;

    /// <summary>Gives the maildrop back, so that the client's next session need not wait for the minute to end.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        ending.Dispose();
        if (isUsedUp)
        {
            return;
        }

        try
        {
            await mailbox.ReleaseMaildropAsync(session).WaitAsync(GrainCalls.AttemptLimit, services.Time).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.Log.MaildropUnavailable(connection, account.Value, e);
        }
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(services.Options.HoldEvery, services.Time);
        var isLost = false;
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token).ConfigureAwait(false))
            {
                var holds = await TryRenewAsync().ConfigureAwait(false);
                if (!holds && !isLost)
                {
                    services.Log.MaildropLost(connection, account.Value);
                }

                isLost = !holds;
            }
        }
        catch (OperationCanceledException)
        {
            // The session is over.
        }
    }

    private async Task<bool> TryRenewAsync()
    {
        try
        {
            return await services.Calls.CallAsync(() => mailbox.HoldMaildropAsync(session), ending.Token).ConfigureAwait(false);
        }
        catch (GrainUnavailableException e)
        {
            services.Log.MaildropUnavailable(connection, account.Value, e);
            return true;
        }
    }
}
