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
/// way is bounded, and so is what waits to be written: nothing more is read meanwhile. Of messages that come in pieces an account has as many in memory, over all its sockets, as requests; and as many
/// answers, from when a request begins until all of its answer is written.
/// </summary>
internal sealed class SocketSession : IAsyncDisposable
{
    private const int Piece = 4096;

    /// <summary>Octets of a frame, for each of which a client has the time of <see cref="PushOptions.WriteTimeout"/>: an answer of 50 MB takes a slow link an hour, and is no reason to give it up.</summary>
    private const int Frame = 16 * 1024;

    /// <summary>That link's hour, and no more for all frames of a message: what is written is in memory, and its client could let it live for a day.</summary>
    private static readonly TimeSpan LongestMessage = TimeSpan.FromHours(1);

    private readonly WebSocket socket;
    private readonly JmapUser user;
    private readonly RequestRunner runner;
    private readonly RequestTurns requests;
    private readonly KeyedTurns turns;
    private readonly AccountFeed feed;
    private readonly JmapOptions options;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim sending = new(1);
    private readonly SemaphoreSlim room;
    private readonly CancellationTokenSource broken = new();
    private CancellationTokenSource? ends;
    private CancellationTokenSource? pushing;
    private Task pushes = Task.CompletedTask;
    private IDisposable? reading;
    private Exception? failure;

    public SocketSession(WebSocket socket, JmapUser user, RequestRunner runner, RequestTurns requests, KeyedTurns turns, AccountFeed feed, JmapOptions options, TimeProvider time)
    {
        (this.socket, this.user, this.runner, this.requests, this.turns, this.feed, this.options, this.time) = (socket, user, runner, requests, turns, feed, options, time);
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
                EndReading();
            }
        }
        catch (OperationCanceledException) when (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            EndReading();
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

            // It may grow long, and its end may never come.
            reading ??= await turns.EnterAsync([($"socket of {user.Account.Value}", options.MaxConcurrentRequests)], cancellationToken);
        }

        return await CloseAsync(WebSocketCloseStatus.NormalClosure, null);
    }

    private void EndReading()
    {
        reading?.Dispose();
        reading = null;
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

    // RFC 8887 §4.3.2. As many as an account may have under way; the next message is read when there is room. Its other sockets may have as many already: who does not read an answer keeps its turn.
    private async Task BeginRequestAsync(JsonNode node, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        if (requests.TryEnter(user.Account, "answer", options.MaxConcurrentRequests) is { } turn)
        {
            _ = AnswerAsync(node, turn, cancellationToken);
            return;
        }

        room.Release();
        await SendAsync(Error(RequestRunner.TooMany(options).Error!, IdOf(node)), cancellationToken);
    }

    private async Task AnswerAsync(JsonNode node, IDisposable turn, CancellationToken cancellationToken)
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
            turn.Dispose();
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
        var types = (message["dataTypes"] as JsonArray)?.Select(type => JmapArguments.TextOf(type)!).Where(AccountStates.HasType).ToFrozenSet(StringComparer.Ordinal);
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
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || ends!.IsCancellationRequested)
        {
            // Pushes are disabled, or the session is over.
        }
        catch (Exception e) when (e is GrainUnavailableException or WebSocketException or IOException or TimeoutException)
        {
            Break(e);
        }
    }

    // A message that was begun is written whole, whatever becomes of its cause: one that is cut off would leave the socket of no use. Only the end of the session cuts it off, and with it the socket.
    // In fragments (RFC 6455 §5.4), so that it shows whether the client takes anything.
    private async Task SendAsync(JsonNode message, CancellationToken cancellationToken)
    {
        await sending.WaitAsync(cancellationToken);
        try
        {
            var (over, begunAt) = (ends!.Token, time.GetTimestamp());
            ReadOnlyMemory<byte> left = JmapJson.ToUtf8(message);
            do
            {
                over.ThrowIfCancellationRequested();
                var rest = LongestMessage - time.GetElapsedTime(begunAt);
                var limit = rest < TimeSpan.Zero ? TimeSpan.Zero : rest < options.Push.WriteTimeout ? rest : options.Push.WriteTimeout;
                var frame = left[..Math.Min(left.Length, Frame)];
                left = left[frame.Length..];
                var isLast = left.IsEmpty ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None;
                await socket.SendAsync(frame, WebSocketMessageType.Text, isLast, over).AsTask().WaitAsync(limit, time, over);
            }
            while (!left.IsEmpty);
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
