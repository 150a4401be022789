using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Hosting;

/// <summary>
/// Ends a process whose orderly end does not come to one. The host asks its parts to be done within <see cref="HostingOptions.DrainTimeout"/>, but waits for those that do not heed it: a silo tries
/// for two minutes to tell a membership table that is away. What is cut off then is as after a kill, which loses nothing.
/// </summary>
/// <param name="limit">From the request to end.</param>
/// <param name="exit">Ends the process with an exit code.</param>
/// <param name="lifetime">Knows of the request.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For who finds the process gone.</param>
internal sealed partial class DrainLimit(TimeSpan limit, Action<int> exit, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<DrainLimit> logger) : IHostedService, IDisposable
{
    /// <summary>Work was cut off.</summary>
    private const int ExitCode = 1;

    private ITimer? overdue;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => overdue = time.CreateTimer(_ => End(), null, limit, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => overdue?.Dispose();

    private void End()
    {
        Overdue(logger, limit);
        exit(ExitCode);
    }

    [LoggerMessage(9000, LogLevel.Critical, "the process has not ended {Limit} after it was told to: what still runs is cut off")]
    private static partial void Overdue(ILogger logger, TimeSpan limit);
}
