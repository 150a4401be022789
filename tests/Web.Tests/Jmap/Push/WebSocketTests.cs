using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>JMAP over a WebSocket (RFC 8887): requests, pushes, and what ends it.</summary>
[Collection(nameof(WebServer))]
public sealed class WebSocketTests(WebServer server)
{
    private const string Enable = """{"@type":"WebSocketPushEnable","dataTypes":null}""";

    [Fact]
    public async Task A_request_is_answered_as_over_http()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-one");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.EchoAsync("R1", "one");
        var answer = (await socket.NextAsync())!;
        var overHttp = await account.Client.RunAsync([new JsonArray("Core/echo", new JsonObject { ["text"] = "one" }, "c")], [JmapClient.Core]);
        overHttp["@type"] = "Response";
        overHttp["requestId"] = "R1";
        Assert.True(JsonNode.DeepEquals(overHttp, answer), answer.ToJsonString());

        // Without an id there is none to give back.
        await socket.EchoAsync(null, "two");
        Assert.False((await socket.NextAsync())!.ContainsKey("requestId"));
    }

    [Fact]
    public async Task Requests_are_answered_each_with_its_id_however_many_come_at_once()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-two");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"R{i}")];
        foreach (var id in ids)
        {
            await socket.EchoAsync(id, id);
        }

        var answered = new HashSet<string>();
        while (answered.Count < ids.Length)
        {
            var answer = (await socket.NextAsync())!;
            Assert.Equal((string)answer["requestId"]!, (string)answer["methodResponses"]![0]![1]!["text"]!);
            Assert.True(answered.Add((string)answer["requestId"]!));
        }
    }

    [Theory]
    [InlineData("{", "notJSON", null)]
    [InlineData("[]", "notRequest", null)]
    [InlineData("""{"@type":"Reqest","id":"R1"}""", "notRequest", "R1")]
    [InlineData("""{"@type":"Request","id":"R2"}""", "notRequest", "R2")]
    [InlineData("""{"@type":"Request","id":"R3","using":["urn:example"],"methodCalls":[]}""", "unknownCapability", "R3")]
    [InlineData("""{"@type":"WebSocketPushEnable","dataTypes":"Email"}""", "notRequest", null)]
    public async Task What_is_no_request_is_an_error_and_the_socket_stays(string message, string type, string? id)
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-three");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.SendAsync(message);
        var error = (await socket.NextAsync())!;
        Assert.Equal(("RequestError", $"urn:ietf:params:jmap:error:{type}", id, 400), ((string)error["@type"]!, (string)error["type"]!, (string?)error["requestId"], (int)error["status"]!));
        await socket.EchoAsync("R9", "one");
        Assert.Equal("R9", (string)(await socket.NextAsync())!["requestId"]!);
    }

    [Fact]
    public async Task Changes_are_pushed_from_when_it_is_enabled_until_it_is_disabled()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-four");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.SendAsync(Enable);
        await socket.EchoAsync("R1", "enabled");
        Assert.Equal("R1", (string)(await socket.NextAsync())!["requestId"]!);
        var filed = await account.FileAsync();
        Assert.Equal(("Email EmailDelivery Mailbox Thread", filed), await socket.NextStateAsync(account.Client.Account));

        // Enabled anew: for other types.
        await socket.SendAsync("""{"@type":"WebSocketPushEnable","dataTypes":["Mailbox"]}""");
        await socket.EchoAsync("R2", "enabled");
        Assert.Equal("R2", (string)(await socket.NextAsync())!["requestId"]!);
        filed = await account.FileAsync();
        Assert.Equal(("Mailbox", filed), await socket.NextStateAsync(account.Client.Account));

        await socket.SendAsync("""{"@type":"WebSocketPushDisable"}""");
        await account.FileAsync();
        await socket.EchoAsync("R3", "disabled");
        Assert.Equal("R3", (string)(await socket.NextAsync())!["requestId"]!);
    }

    [Fact]
    public async Task Who_comes_again_is_told_what_was_missed()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-five");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.SendAsync("""{"@type":"WebSocketPushEnable","dataTypes":["Email"],"pushState":"of another server"}""");
        Assert.Equal(("Email", await account.StateAsync()), await socket.NextStateAsync(account.Client.Account));
        await socket.SendAsync("""{"@type":"WebSocketPushDisable"}""");
        var filed = await account.FileAsync();
        await socket.SendAsync($$"""{"@type":"WebSocketPushEnable","dataTypes":["Email"],"pushState":"{{socket.PushState}}"}""");
        Assert.Equal(("Email", filed), await socket.NextStateAsync(account.Client.Account));
        await socket.SendAsync($$"""{"@type":"WebSocketPushEnable","dataTypes":["Email"],"pushState":"{{socket.PushState}}"}""");
        await socket.EchoAsync("R1", "nothing was missed");
        Assert.Equal("R1", (string)(await socket.NextAsync())!["requestId"]!);
    }

    [Fact]
    public async Task Binary_messages_end_it()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-six");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.Socket.SendAsync(new byte[] { 1, 2 }, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        Assert.Null(await socket.NextAsync());
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, socket.Socket.CloseStatus);
    }

    [Fact]
    public async Task A_client_that_closes_is_answered()
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-seven");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.SendAsync(Enable);
        await socket.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.Socket.CloseStatus);
    }

    [Theory]
    [InlineData(null, true, HttpStatusCode.BadRequest)]
    [InlineData("chat", true, HttpStatusCode.BadRequest)]
    [InlineData("jmap", false, HttpStatusCode.Unauthorized)]
    public async Task Without_the_protocol_or_an_account_there_is_none(string? protocol, bool hasPassword, HttpStatusCode status)
    {
        var account = await WatchedAccount.MakeAsync(server, "socket-eight");
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        if (hasPassword)
        {
            socket.Options.SetRequestHeader("Authorization", account.Password.ToString());
        }

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new($"ws://{server.Http.BaseAddress!.Authority}/jmap/ws"), CancellationToken.None));
        Assert.Equal(status, socket.HttpStatusCode);
    }
}
