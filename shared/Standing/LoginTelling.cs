using Microsoft.Extensions.Hosting;

namespace MailCloud.Standing;

/// <summary>Has <see cref="LoginHistory"/> tell what is due, and at the orderly end everything.</summary>
internal sealed class LoginTelling(LoginHistory history, TimeProvider time) : BackgroundService
{
    /// <summary>What an edge loses when it is killed, and how late an administrator sees a login.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>The end of a process does not wait longer for what is only history.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly PeriodicTimer timer = new(Every, time);
    private readonly CancellationTokenSource ending = new();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        ending.CancelAfter(EndLimit);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await history.TellAsync(everything: true, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        timer.Dispose();
        ending.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            // What is on its way at the end is told to its end.
            await history.TellAsync(everything: false, ending.Token).ConfigureAwait(false);
        }
    }
}
