using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>JMAP over a WebSocket (RFC 8887) with push enabled.</summary>
internal sealed class SocketStream(ClientWebSocket socket) : IDisposable
{
    private readonly byte[] buffer = new byte[64 * 1024];

    public static async Task<SocketStream> OpenAsync(JmapSession session)
    {
        var stream = new SocketStream(await session.OpenSocketAsync());
        await stream.SendAsync(new() { ["@type"] = "WebSocketPushEnable", ["dataTypes"] = null });
        return stream;
    }

    public Task SendAsync(JsonObject message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>The next state of a type that differs from one; what was told before counts.</summary>
    public async Task<string> UntilAsync(string account, string type, string unlike)
    {
        while (true)
        {
            var message = await ReadAsync();
            if (message["@type"]?.GetValue<string>() == "StateChange" && message["changed"]?[account]?[type]?.GetValue<string>() is { } state && state != unlike)
            {
                return state;
            }
        }
    }

    public async Task<JsonObject> ReadAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var length = 0;
        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
            Assert.Equal(WebSocketMessageType.Text, piece.MessageType);
            length += piece.Count;
            if (piece.EndOfMessage)
            {
                return JsonNode.Parse(buffer.AsSpan(0, length))!.AsObject();
            }
        }
    }

    public void Dispose() => socket.Dispose();
}
