using System.Buffers;
using System.Collections.Frozen;
using System.Net.WebSockets;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using MailCloud.Cluster;
using MailCloud.Web.Jmap.Requests;

namespace MailCloud.Web.Jmap.Push;

/// <summary>
/// One WebSocket (RFC 8887 §4.3): each message is a request, which is answered when it is done, whatever came before it; or begins or ends pushes. Only <see cref="SendAsync"/> writes. What is under
/// way is bounded, and so is what waits to be written: nothing more is read meanwhile.
/// </summary>
internal sealed class SocketSession : IAsyncDisposable
{
    private const int Piece = 4096;

    private readonly WebSocket socket;
    private readonly JmapUser user;
    private readonly RequestRunner runner;
    private readonly AccountFeed feed;
    private readonly JmapOptions options;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim sending = new(1);
    private readonly SemaphoreSlim room;
    private readonly CancellationTokenSource broken = new();
    private CancellationTokenSource? ends;
    private CancellationTokenSource? pushing;
    private Task pushes = Task.CompletedTask;
    private Exception? failure;

    public SocketSession(WebSocket socket, JmapUser user, RequestRunner runner, AccountFeed feed, JmapOptions options, TimeProvider time)
    {
        (this.socket, this.user, this.runner, this.feed, this.options, this.time) = (socket, user, runner, feed, options, time);
        room = new(options.MaxConcurrentRequests);
    }

    /// <summary>Until the client closes.</summary>
    /// <exception cref="TimeoutException">The client does not read.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Until the end of the session, not of this method: what still runs then is told by it.
        var either = ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, broken.Token);
        try
        {
            while (await ReadAsync(either.Token) is { } message)
            {
                await HandleAsync(message, either.Token);
            }
        }
        catch (OperationCanceledException) when (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await broken.CancelAsync();
        await DisableAsync();

        // What still runs has been told to end, and gives its place back.
        for (var i = 0; i < options.MaxConcurrentRequests; i++)
        {
            await room.WaitAsync();
        }

        ends?.Dispose();
        room.Dispose();
        sending.Dispose();
        broken.Dispose();
    }

    // Null: the client closes, or is closed.
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        // Without a buffer until there is something to read: most clients are silent for most of the time.
        var first = await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        var message = new ArrayBufferWriter<byte>(Piece);
        while (first.MessageType != WebSocketMessageType.Close)
        {
            var read = await socket.ReceiveAsync(message.GetMemory(Piece), cancellationToken);
            message.Advance(read.Count);
            if (read.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            // RFC 8887 §4.2: binary is not JMAP's; RFC 6455 §7.4.1 has the codes.
            if (read.MessageType == WebSocketMessageType.Binary)
            {
                return await CloseAsync(WebSocketCloseStatus.InvalidMessageType, "messages are text");
            }

            if (message.WrittenCount > options.MaxSizeRequest)
            {
                return await CloseAsync(WebSocketCloseStatus.MessageTooBig, "longer than maxSizeRequest");
            }

            if (read.EndOfMessage)
            {
                return message.WrittenMemory;
            }
        }

        return await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
    }

    private async Task HandleAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (!JmapJson.TryParse(octets, out var node))
        {
            await SendAsync(Error(RequestError.NotJson, null), cancellationToken);
            return;
        }

        switch (JmapArguments.TextOf((node as JsonObject)?["@type"]))
        {
            case "Request":
                await BeginRequestAsync(node!, cancellationToken);
                break;
            case "WebSocketPushEnable":
                await EnableAsync((JsonObject)node!, cancellationToken);
                break;
            case "WebSocketPushDisable":
                await DisableAsync();
                break;
            default:
                await SendAsync(Error(RequestError.NotRequest, IdOf(node)), cancellationToken);
                break;
        }
    }

    // RFC 8887 §4.3.2. As many as an account may have under way; the next message is read when there is room.
    private async Task BeginRequestAsync(JsonNode node, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        _ = AnswerAsync(node, cancellationToken);
    }

    private async Task AnswerAsync(JsonNode node, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            var id = IdOf(node);
            var (response, error) = await runner.RunAsync(node, user, cancellationToken);
            if (response is null)
            {
                await SendAsync(Error(error!, id), cancellationToken);
                return;
            }

            response["@type"] = "Response";
            if (id is not null)
            {
                response["requestId"] = id;
            }

            await SendAsync(response, cancellationToken);
        }
        catch (Exception e)
        {
            Break(e);
        }
        finally
        {
            room.Release();
        }
    }

    // RFC 8887 §4.3.5.2: what is enabled anew takes the place of what was. A pushState that is not that of now is told what has changed, at once.
    private async Task EnableAsync(JsonObject message, CancellationToken cancellationToken)
    {
        if (message["dataTypes"] is not (null or JsonArray) || (message["dataTypes"] as JsonArray)?.Any(type => JmapArguments.TextOf(type) is null) == true)
        {
            await SendAsync(Error(RequestError.NotRequest with { Detail = "dataTypes is an array of names, or null for all" }, null), cancellationToken);
            return;
        }

        await DisableAsync();
        var types = (message["dataTypes"] as JsonArray)?.Select(type => JmapArguments.TextOf(type)!).ToFrozenSet(StringComparer.Ordinal);
        var stream = new StateStream(feed, user.AccountKey, types, time);
        pushing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (JmapArguments.TextOf(message["pushState"]) is not { } known)
        {
            // From now on, which is before the next message is read.
            await stream.BeginAsync(cancellationToken);
            pushes = PushAsync(stream, null, pushing.Token);
            return;
        }

        pushes = PushAsync(stream, known, pushing.Token);
    }

    private async Task DisableAsync()
    {
        if (pushing is not null)
        {
            await pushing.CancelAsync();
            await pushes;
            pushing.Dispose();
            pushing = null;
        }
    }

    private async Task PushAsync(StateStream stream, string? known, CancellationToken cancellationToken)
    {
        try
        {
            if (known is not null)
            {
                await stream.ResumeAsync(known, cancellationToken);
            }

            while (true)
            {
                var change = await stream.NextAsync(cancellationToken);
                change.Change["pushState"] = change.Id;
                await SendAsync(change.Change, cancellationToken);
                PushTelemetry.Told(PushTelemetry.WebSocket, time.GetElapsedTime(change.NoticedAt));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Pushes are disabled, or the session is over.
        }
        catch (Exception e) when (e is GrainUnavailableException or WebSocketException or IOException or TimeoutException)
        {
            Break(e);
        }
    }

    // A message that was begun is written whole: one that is cut off would leave the socket of no use.
    private async Task SendAsync(JsonNode message, CancellationToken cancellationToken)
    {
        await sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(JmapJson.ToUtf8(message), WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, CancellationToken.None).AsTask().WaitAsync(options.Push.WriteTimeout, time, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }
    }

    private async Task<ReadOnlyMemory<byte>?> CloseAsync(WebSocketCloseStatus status, string? why)
    {
        await sending.WaitAsync();
        try
        {
            await socket.CloseOutputAsync(status, why, CancellationToken.None).WaitAsync(options.Push.WriteTimeout, time);
        }
        finally
        {
            sending.Release();
        }

        return null;
    }

    // The session ends with what ended a part of it.
    private void Break(Exception e)
    {
        Interlocked.CompareExchange(ref failure, e, null);
        try
        {
            broken.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over.
        }
    }

    private static string? IdOf(JsonNode? node) => JmapArguments.TextOf((node as JsonObject)?["id"]);

    // RFC 8887 §4.3.4: problem details with the id of the request, or null where there is none.
    private static JsonObject Error(RequestError error, string? id)
    {
        var json = error.ToJson();
        json["@type"] = "RequestError";
        json["requestId"] = id;
        return json;
    }
}
