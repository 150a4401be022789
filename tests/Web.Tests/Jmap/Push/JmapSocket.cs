using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>A client of JMAP over a WebSocket.</summary>
internal sealed class JmapSocket : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly byte[] buffer = new byte[64 * 1024];

    private JmapSocket(ClientWebSocket socket) => Socket = socket;

    public ClientWebSocket Socket { get; }

    /// <summary>Of the last StateChange.</summary>
    public string PushState { get; private set; } = "";

    public static async Task<JmapSocket> OpenAsync(WebServer server, AuthenticationHeaderValue? who, string? protocol = "jmap")
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        if (who is not null)
        {
            socket.Options.SetRequestHeader("Authorization", who.ToString());
        }

        await socket.ConnectAsync(new($"ws://{server.Http.BaseAddress!.Authority}/jmap/ws"), CancellationToken.None);
        Assert.Equal("jmap", socket.SubProtocol);
        return new(socket);
    }

    public void Dispose() => Socket.Dispose();

    public Task SendAsync(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>A request of Core/echo.</summary>
    public Task EchoAsync(string? id, string text) => Socket.SendAsync(EchoOf(id, text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>The octets of one.</summary>
    public static byte[] EchoOf(string? id, string text) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["@type"] = "Request",
        ["id"] = id,
        ["using"] = new JsonArray(JmapClient.Core),
        ["methodCalls"] = new JsonArray(new JsonArray("Core/echo", new JsonObject { ["text"] = text }, "c")),
    });

    /// <summary>The next message; null when the server closes.</summary>
    public async Task<JsonObject?> NextAsync()
    {
        using var message = new MemoryStream();
        while (true)
        {
            var read = await Socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(patience);
            if (read.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            Assert.Equal(WebSocketMessageType.Text, read.MessageType);
            message.Write(buffer, 0, read.Count);
            if (read.EndOfMessage)
            {
                return JsonNode.Parse(message.ToArray())!.AsObject();
            }
        }
    }

    /// <summary>The types that the next StateChange has, and the mailbox's part of its pushState.</summary>
    public async Task<(string Types, string State)> NextStateAsync(string account)
    {
        var message = (await NextAsync())!;
        Assert.Equal("StateChange", (string)message["@type"]!);
        PushState = (string)message["pushState"]!;
        return (string.Join(' ', message["changed"]![account]!.AsObject().Select(type => type.Key)), PushState.Split('.')[0]);
    }
}
