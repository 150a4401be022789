using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>A JMAP client of one account, as far as tests need one: it sends what it is told to and checks nothing but that answers come.</summary>
public sealed class JmapClient
{
    public const string Core = "urn:ietf:params:jmap:core";
    public const string Mail = "urn:ietf:params:jmap:mail";
    public const string Submission = "urn:ietf:params:jmap:submission";
    public const string VacationResponse = "urn:ietf:params:jmap:vacationresponse";
    public const string Blob = "urn:ietf:params:jmap:blob";
    public const string Quota = "urn:ietf:params:jmap:quota";

    /// <summary>Of accounts that <see cref="MakeAsync"/> makes.</summary>
    public const string Password = "a long secret";

    /// <summary>Used unless a test says otherwise.</summary>
    public static readonly string[] All = [Core, Mail, Submission, VacationResponse, Blob, Quota];

    private readonly WebServer server;
    private readonly AuthenticationHeaderValue? authorization;

    private JmapClient(WebServer server, string address, AuthenticationHeaderValue? authorization) => (this.server, Address, this.authorization) = (server, address, authorization);

    public string Address { get; }

    /// <summary>The account's id in JMAP; known once <see cref="GetSessionAsync"/> was asked, as by <see cref="MakeAsync"/>.</summary>
    public string Account { get; private set; } = "";

    /// <summary>A client of a new account <c>USER@example.test</c>.</summary>
    public static async Task<JmapClient> MakeAsync(WebServer server, string user)
    {
        var address = user.Contains('@') ? user : $"{user}@example.test";
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", $$"""{"password":"{{Password}}"}""")).Status);
        var client = ByPassword(server, address, Password);
        await client.GetSessionAsync();
        return client;
    }

    public static JmapClient ByPassword(WebServer server, string address, string password) =>
        new(server, address, new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{address}:{password}"))));

    public static JmapClient ByToken(WebServer server, string address, string token) => new(server, address, new("Bearer", token));

    public static JmapClient Nobody(WebServer server) => new(server, "", null);

    public async Task<JsonObject> GetSessionAsync()
    {
        var session = await GetJsonAsync("/jmap/session");
        Account = session["accounts"]!.AsObject().Single().Key;
        return session;
    }

    /// <summary>A request object of some calls <c>[name, arguments, call id]</c>, and its response object.</summary>
    public Task<JsonObject> RunAsync(JsonArray calls, string[]? capabilities = null) =>
        PostAsync(new JsonObject { ["using"] = new JsonArray([.. (capabilities ?? All).Select(name => JsonValue.Create(name))]), ["methodCalls"] = calls });

    /// <summary>The arguments of the response to one call, which did not fail. accountId is put in unless it is there.</summary>
    public async Task<JsonObject> CallAsync(string method, JsonObject? arguments = null, string[]? capabilities = null)
    {
        var (name, result) = await TryCallAsync(method, arguments, capabilities);
        Assert.True(name == method, $"{method}: {result.ToJsonString()}");
        return result;
    }

    /// <summary>The type of the error of one call, which failed.</summary>
    public async Task<string> FailAsync(string method, JsonObject? arguments = null, string[]? capabilities = null)
    {
        var (name, result) = await TryCallAsync(method, arguments, capabilities);
        Assert.True(name == "error", $"{method}: {result.ToJsonString()}");
        return (string)result["type"]!;
    }

    /// <summary>The name and the arguments of the response to one call.</summary>
    public async Task<(string Name, JsonObject Result)> TryCallAsync(string method, JsonObject? arguments = null, string[]? capabilities = null)
    {
        arguments ??= [];
        if (!arguments.ContainsKey("accountId") && !method.StartsWith("Core/", StringComparison.Ordinal))
        {
            arguments["accountId"] = Account;
        }

        var response = await RunAsync([new JsonArray(method, arguments, "c")], capabilities);
        var first = response["methodResponses"]!.AsArray()[0]!.AsArray();
        return ((string)first[0]!, first[1]!.AsObject());
    }

    public async Task<JsonObject> PostAsync(JsonNode request)
    {
        var (status, _, body) = await SendAsync(HttpMethod.Post, "/jmap/api", Json(request.ToJsonString()));
        Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        return JsonNode.Parse(body)!.AsObject();
    }

    public async Task<JsonObject> GetJsonAsync(string path)
    {
        var (status, _, body) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, $"{status} {Encoding.UTF8.GetString(body)}");
        return JsonNode.Parse(body)!.AsObject();
    }

    /// <summary>The blob id of what is uploaded.</summary>
    public async Task<string> UploadAsync(byte[] octets, string type = "application/octet-stream")
    {
        using var content = new ByteArrayContent(octets);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var (status, _, body) = await SendAsync(HttpMethod.Post, $"/jmap/upload/{Account}", content);
        Assert.True(status == HttpStatusCode.Created, $"{status} {Encoding.UTF8.GetString(body)}");
        return (string)JsonNode.Parse(body)!["blobId"]!;
    }

    public async Task<(HttpStatusCode Status, HttpResponseMessage Answer, byte[] Body)> DownloadAsync(string blobId, string accept = "application/octet-stream", string name = "file") =>
        await SendAsync(HttpMethod.Get, $"/jmap/download/{Account}/{blobId}/{name}?accept={Uri.EscapeDataString(accept)}");

    /// <summary>For who reads the answer by himself.</summary>
    public HttpRequestMessage RequestOf(string blobId) => new(HttpMethod.Get, $"/jmap/download/{Account}/{blobId}/file?accept=application/octet-stream") { Headers = { Authorization = authorization } };

    public async Task<(HttpStatusCode Status, HttpResponseMessage Answer, byte[] Body)> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = authorization;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await server.Http.SendAsync(request);
        return (answer.StatusCode, answer, await answer.Content.ReadAsByteArrayAsync());
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");
}
