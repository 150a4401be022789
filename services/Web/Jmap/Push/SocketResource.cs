using System.Globalization;
using System.Net.WebSockets;
using MailCloud.Web.Jmap.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push;

/// <summary><c>GET /jmap/ws</c>: JMAP over a WebSocket (RFC 8887).</summary>
internal static class SocketResource
{
    private const string Protocol = "jmap";

    /// <summary>Seconds.</summary>
    private const int RetryAfter = 60;

    /// <summary>How often the client is pinged (RFC 6455 §5.5.2), and how long it may take to answer. Middleboxes forget what is silent for a minute or more.</summary>
    private static readonly TimeSpan keepAlive = TimeSpan.FromSeconds(45);

    public static void Map(IEndpointRouteBuilder jmap) => jmap.MapGet("/jmap/ws", RunAsync);

    private static async Task<IResult> RunAsync(
        HttpContext context, JmapUser user, AccountFeeds feeds, PushPlaces places, RequestRunner runner, RequestTurns requests, KeyedTurns turns, JmapOptions options, TimeProvider time,
        IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        // RFC 8887 §4.1: the server accepts none without the subprotocol.
        if (!context.WebSockets.IsWebSocketRequest || !context.WebSockets.WebSocketRequestedProtocols.Contains(Protocol))
        {
            return Results.Problem($"open a WebSocket with the subprotocol {Protocol}", statusCode: StatusCodes.Status400BadRequest);
        }

        using var place = places.TryEnter(user, PushTelemetry.WebSocket);
        if (place is null)
        {
            context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
            return Results.Problem("the account, or this server, has as many event sources and WebSockets open as it may", statusCode: StatusCodes.Status429TooManyRequests);
        }

        using var access = new LastingAccess(context, user, time, lifetime);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = Protocol, KeepAliveInterval = keepAlive, KeepAliveTimeout = keepAlive });
        var feed = feeds.Enter(user.Account);
        try
        {
            await using var session = new SocketSession(socket, user, runner, requests, turns, feed, options, time);
            await session.RunAsync(access.Ended);
        }
        catch (TimeoutException)
        {
            loggers.CreateLogger("MailCloud.Web.Jmap.Push").ClientTooSlow(PushTelemetry.WebSocket, user.Account.Value);
            context.Abort();
        }
        catch (Exception e) when (access.Ended.IsCancellationRequested || e is WebSocketException or IOException)
        {
            await SayGoodbyeAsync(socket, access, options, time);

            // A message may have been cut off, and its client may take nothing of what is buffered of it either.
            if (socket.State == WebSocketState.Aborted)
            {
                context.Abort();
            }
        }
        finally
        {
            feeds.Leave(feed);
        }

        return Results.Empty;
    }

    // RFC 6455 §7.4.1: 1008 who may not be here any more, 1001 when the server goes away.
    private static async Task SayGoodbyeAsync(WebSocket socket, LastingAccess access, JmapOptions options, TimeProvider time)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            var status = access.IsRevoked ? WebSocketCloseStatus.PolicyViolation : WebSocketCloseStatus.EndpointUnavailable;
            await socket.CloseOutputAsync(status, null, CancellationToken.None).WaitAsync(options.Push.WriteTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
