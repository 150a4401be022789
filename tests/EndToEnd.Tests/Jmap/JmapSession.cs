using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>A JMAP client of one account, by nothing but HTTP and JSON.</summary>
internal sealed class JmapSession : IDisposable
{
    private static readonly string[] capabilities =
        ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission", "urn:ietf:params:jmap:vacationresponse"];

    private readonly HttpClient http;
    private readonly JsonObject session;

    private JmapSession(HttpClient http, JsonObject session) => (this.http, this.session) = (http, session);

    public string Account => session["primaryAccounts"]!["urn:ietf:params:jmap:mail"]!.GetValue<string>();

    public static Task<JmapSession> OpenAsync(ServerProcess server, string user, string password) => OpenAsync(server.Http, user, password);

    public static async Task<JmapSession> OpenAsync(int port, string user, string password)
    {
        var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(1) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        var text = await http.GetStringAsync(new Uri("/.well-known/jmap", UriKind.Relative));
        return new(http, JsonNode.Parse(text)!.AsObject());
    }

    /// <summary>One call, with the account's id where it has one; its answer must be no error.</summary>
    public async Task<JsonObject> CallAsync(string method, JsonObject arguments, bool isOfAccount = true)
    {
        var (name, answer) = await TryCallAsync(method, arguments, isOfAccount);
        Assert.True(name == method, $"{method} {arguments.ToJsonString()} was answered {name} {answer.ToJsonString()}");
        return answer;
    }

    /// <summary>One call, and the name and arguments of its first response.</summary>
    public async Task<(string Name, JsonObject Answer)> TryCallAsync(string method, JsonObject arguments, bool isOfAccount = true)
    {
        if (isOfAccount)
        {
            arguments["accountId"] = Account;
        }

        var request = new JsonObject
        {
            ["using"] = new JsonArray([.. capabilities.Select(c => JsonValue.Create(c))]),
            ["methodCalls"] = new JsonArray(new JsonArray(method, arguments, "0")),
        };
        using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(session["apiUrl"]!.GetValue<string>()), content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {arguments.ToJsonString()}: {(int)response.StatusCode} {text}");
        var first = JsonNode.Parse(text)!["methodResponses"]![0]!.AsArray();
        return (first[0]!.GetValue<string>(), first[1]!.AsObject());
    }

    /// <summary>Uploads octets and gives their blob id.</summary>
    public async Task<string> UploadAsync(byte[] octets, string type)
    {
        using var content = new ByteArrayContent(octets);
        content.Headers.ContentType = new(type);
        var url = session["uploadUrl"]!.GetValue<string>().Replace("{accountId}", Account, StringComparison.Ordinal);
        using var response = await http.PostAsync(new Uri(url), content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!["blobId"]!.GetValue<string>();
    }

    public async Task<byte[]> DownloadAsync(string blob)
    {
        var url = session["downloadUrl"]!.GetValue<string>()
            .Replace("{accountId}", Account, StringComparison.Ordinal)
            .Replace("{blobId}", blob, StringComparison.Ordinal)
            .Replace("{name}", "blob", StringComparison.Ordinal)
            .Replace("{type}", "application/octet-stream", StringComparison.Ordinal);
        return await http.GetByteArrayAsync(new Uri(url));
    }

    /// <summary>The event source of all types, from now on.</summary>
    public async Task<Stream> OpenEventsAsync()
    {
        var url = session["eventSourceUrl"]!.GetValue<string>()
            .Replace("{types}", "*", StringComparison.Ordinal)
            .Replace("{closeafter}", "no", StringComparison.Ordinal)
            .Replace("{ping}", "30", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Accept = { new("text/event-stream") } } };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, response.ToString());
        return await response.Content.ReadAsStreamAsync();
    }

    public async Task<ClientWebSocket> OpenSocketAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("jmap");
        socket.Options.SetRequestHeader("Authorization", http.DefaultRequestHeaders.Authorization!.ToString());
        await socket.ConnectAsync(new(session["capabilities"]!["urn:ietf:params:jmap:websocket"]!["url"]!.GetValue<string>()), CancellationToken.None);
        return socket;
    }

    public void Dispose() => http.Dispose();
}
