using MailCloud.Web.Jmap.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push;

/// <summary>
/// Whether a request that lasts would be let in now, asked once a minute: its token or app password may have ended, its account may have been suspended. <see cref="Ended"/> ends then, when nobody could
/// say so for long, when the client goes, and when the process is to end.
/// </summary>
internal sealed class LastingAccess : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>How long it lasts while nobody can say whether it should: silos come back within minutes, and a client that comes again costs little.</summary>
    private static readonly TimeSpan LongestDoubt = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource ended;
    private readonly ILogger log;

    public LastingAccess(HttpContext context, JmapUser user, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("MailCloud.Web.Jmap");
        ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        Ended = ended.Token;
        _ = CheckAsync(context, user, time);
    }

    public CancellationToken Ended { get; }

    /// <summary>It would not be let in any more.</summary>
    public bool IsRevoked { get; private set; }

    public void Dispose()
    {
        ended.Cancel();
        ended.Dispose();
    }

    private async Task CheckAsync(HttpContext context, JmapUser user, TimeProvider time)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            for (var confirmedAt = time.GetTimestamp(); await timer.WaitForNextTickAsync(Ended);)
            {
                var stands = await StandsAsync(context, user);
                (confirmedAt, IsRevoked) = (stands is true ? time.GetTimestamp() : confirmedAt, stands is false);
                if (IsRevoked || time.GetElapsedTime(confirmedAt) >= LongestDoubt)
                {
                    await ended.CancelAsync();
                }
            }
        }
        catch (Exception e) when (Ended.IsCancellationRequested && e is (OperationCanceledException or ObjectDisposedException))
        {
            // The request is over.
        }
        catch (Exception e)
        {
            // Nobody would ask any more, and what nobody asks about would last for ever.
            log.AccessNotChecked(user.Account.Value, e);
            await ended.CancelAsync();
        }
    }

    // Null: who cannot be asked says nothing, and is asked again.
    private static async Task<bool?> StandsAsync(HttpContext context, JmapUser user)
    {
        var (found, refusal) = await JmapAccess.IdentifyAsync(Again(context));
        return refusal is IStatusCodeHttpResult { StatusCode: StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests } ? null : found?.Account == user.Account;
    }

    // The same request, whose answer has not begun.
    private static DefaultHttpContext Again(HttpContext context)
    {
        var again = new DefaultHttpContext { RequestServices = context.RequestServices };
        again.Connection.RemoteIpAddress = context.Connection.RemoteIpAddress;
        (again.Request.Method, again.Request.Scheme, again.Request.Host) = (context.Request.Method, context.Request.Scheme, context.Request.Host);
        foreach (var (name, value) in context.Request.Headers)
        {
            again.Request.Headers[name] = value;
        }

        return again;
    }
}
