using MailCloud.Web.Jmap.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace MailCloud.Web.Jmap.Push;

/// <summary>
/// Whether a request that lasts would be let in now, asked once a minute: its token or app password may have ended, its account may have been suspended. <see cref="Ended"/> ends then, when the client
/// goes, and when the process is to end.
/// </summary>
internal sealed class LastingAccess : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource ended;

    public LastingAccess(HttpContext context, JmapUser user, TimeProvider time, IHostApplicationLifetime lifetime)
    {
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
            while (await timer.WaitForNextTickAsync(Ended))
            {
                if (!await StandsAsync(context, user))
                {
                    IsRevoked = true;
                    await ended.CancelAsync();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The request is over.
        }
    }

    private static async Task<bool> StandsAsync(HttpContext context, JmapUser user)
    {
        try
        {
            var (found, refusal) = await JmapAccess.IdentifyAsync(Again(context));
            return found?.Account == user.Account || refusal is IStatusCodeHttpResult { StatusCode: StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests };
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // A directory that does not answer says nothing; it is asked again.
            return true;
        }
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
