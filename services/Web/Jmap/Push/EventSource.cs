using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using MailCloud.Cluster;
using MailCloud.Web.Jmap.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push;

/// <summary><c>GET /jmap/eventsource</c> (RFC 8620 §7.3): a response that lasts, with an event for what has changed.</summary>
internal static class EventSource
{
    /// <summary>Seconds. RFC 8620 §7.3 lets a server bound what is asked for: less would be more pings than mail, and proxies give up on what is silent for longer.</summary>
    private const int ShortestPing = 5;

    private const int LongestPing = 300;

    /// <summary>
    /// What is written where nothing else is for as long as the longest ping, also to who asked for none: a line that clients pass over. Without it nobody would notice that they are gone.
    /// </summary>
    private const string Comment = ":\n\n";

    /// <summary>Milliseconds after which a client comes again: browsers take 3 to 5 seconds by themselves.</summary>
    private const int Retry = 5000;

    /// <summary>Seconds.</summary>
    private const int RetryAfter = 60;

    public static void Map(IEndpointRouteBuilder jmap) => jmap.MapGet("/jmap/eventsource", RunAsync);

    private static async Task<IResult> RunAsync(HttpContext context, JmapUser user, AccountFeeds feeds, PushPlaces places, JmapOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        if (!Request.TryRead(context.Request, out var request))
        {
            return Results.Problem("give types (names separated by commas, or *), closeafter (state or no) and ping (seconds, 0 for none)", statusCode: StatusCodes.Status400BadRequest);
        }

        using var place = places.TryEnter(user, PushTelemetry.EventSource);
        if (place is null)
        {
            context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
            return Results.Problem("the account, or this server, has as many event sources and WebSockets open as it may", statusCode: StatusCodes.Status429TooManyRequests);
        }

        using var access = new LastingAccess(context, user, time, lifetime);
        var feed = feeds.Enter(user.Account);
        try
        {
            var stream = new StateStream(feed, user.AccountKey, request.Types, time);
            await TellAsync(context.Response, stream, request, options.Push.WriteTimeout, time, access.Ended);
        }
        catch (TimeoutException)
        {
            loggers.CreateLogger("MailCloud.Web.Jmap.Push").ClientTooSlow(PushTelemetry.EventSource, user.Account.Value);
            context.Abort();
        }
        catch (GrainUnavailableException) when (!context.Response.HasStarted)
        {
            return Results.Problem("the mailbox does not answer, try again", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (Exception e) when (access.Ended.IsCancellationRequested || e is IOException)
        {
            // The client has gone or must go.
        }
        finally
        {
            feeds.Leave(feed);
        }

        return Results.Empty;
    }

    /// <summary>Until the client or its access ends. What a slow client has not taken yet is one event: those after it become one, of the latest state.</summary>
    /// <exception cref="TimeoutException">The client takes nothing.</exception>
    internal static async Task TellAsync(HttpResponse response, StateStream stream, Request request, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var writer = new Writer(response, limit, time);
        if (request.LastEventId is { } known)
        {
            await stream.ResumeAsync(known, cancellationToken);
            await writer.BeginAsync("", cancellationToken);
        }
        else
        {
            // The client remembers the id although there is no event yet: should it come again, it is told what it missed.
            await writer.BeginAsync($"id: {(await stream.BeginAsync(cancellationToken)).Id}\n", cancellationToken);
        }

        var next = stream.NextAsync(cancellationToken);
        while (true)
        {
            if (!await IsBeforeSilenceAsync(next, request.Ping ?? TimeSpan.FromSeconds(LongestPing), time, cancellationToken))
            {
                await writer.WriteAsync(request.Ping is { } ping ? $"event: ping\ndata: {{\"interval\":{(int)ping.TotalSeconds}}}\n\n" : Comment, cancellationToken);
                continue;
            }

            var change = await next;
            await writer.WriteAsync($"event: state\nid: {change.Id}\ndata: {Encoding.UTF8.GetString(JmapJson.ToUtf8(change.Change))}\n\n", cancellationToken);
            PushTelemetry.Told(PushTelemetry.EventSource, time.GetElapsedTime(change.NoticedAt));
            if (request.IsClosedAfterState)
            {
                return;
            }

            next = stream.NextAsync(cancellationToken);
        }
    }

    private static async Task<bool> IsBeforeSilenceAsync(Task<StateEvent> next, TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(next, Task.Delay(interval, time, end.Token));
        await end.CancelAsync();
        return first == next || cancellationToken.IsCancellationRequested;
    }

    /// <param name="Types">Null: all.</param>
    /// <param name="Ping">Null: none.</param>
    internal sealed record Request(FrozenSet<string>? Types, bool IsClosedAfterState, TimeSpan? Ping, string? LastEventId)
    {
        public static bool TryRead(HttpRequest http, out Request request)
        {
            request = new(null, false, null, http.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id ? id : null);
            var (types, closeAfter) = (http.Query["types"].ToString(), http.Query["closeafter"].ToString());
            var names = types.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (names.Length == 0 || closeAfter is not ("state" or "no") || !int.TryParse(http.Query["ping"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return false;
            }

            request = request with
            {
                Types = types == "*" ? null : names.Where(AccountStates.HasType).ToFrozenSet(StringComparer.Ordinal),
                IsClosedAfterState = closeAfter == "state",
                Ping = seconds == 0 ? null : TimeSpan.FromSeconds(Math.Clamp(seconds, ShortestPing, LongestPing)),
            };
            return true;
        }
    }

    /// <summary>Writes events. A client that does not take one within the time is given up (<see cref="TimeoutException"/>).</summary>
    private sealed class Writer(HttpResponse response, TimeSpan limit, TimeProvider time)
    {
        public Task BeginAsync(string first, CancellationToken cancellationToken)
        {
            response.ContentType = "text/event-stream";

            // nginx and those that follow it would gather events.
            response.Headers["X-Accel-Buffering"] = "no";
            return WriteAsync($"{first}retry: {Retry}\n\n", cancellationToken);
        }

        public async Task WriteAsync(string text, CancellationToken cancellationToken)
        {
            await response.WriteAsync(text, cancellationToken).WaitAsync(limit, time, cancellationToken);
            await response.Body.FlushAsync(cancellationToken).WaitAsync(limit, time, cancellationToken);
        }
    }
}
