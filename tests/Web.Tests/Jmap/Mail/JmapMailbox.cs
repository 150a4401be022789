using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>A new account with mail that a test puts in.</summary>
internal sealed class JmapMailbox
{
    private readonly WebServer server;
    private readonly string path;
    private readonly string import;
    private int filed;

    private JmapMailbox(WebServer server, JmapClient client, string import) =>
        (this.server, Client, this.import, path) = (server, client, import, $"/admin/v1/mailboxes/{client.Address}");

    public JmapClient Client { get; }

    public static async Task<JmapMailbox> MakeAsync(WebServer server, string user)
    {
        var client = await JmapClient.MakeAsync(server, user);
        var import = (await server.SendAsync(HttpMethod.Post, $"/admin/v1/mailboxes/{client.Address}/imports")).Body.GetProperty("id").GetString()!;
        return new(server, client, import);
    }

    /// <summary>The JMAP id of a new folder; levels above are made too.</summary>
    public async Task<string> FolderAsync(string name, string? specialUse = null, bool subscribed = false)
    {
        var use = specialUse is null ? "" : $"&specialUse={Uri.EscapeDataString(specialUse)}";
        var (status, body) = await server.SendAsync(HttpMethod.Put, $"{path}/folders?folder={Uri.EscapeDataString(name)}&subscribed={(subscribed ? "true" : "false")}{use}");
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        return await FindFolderAsync(name);
    }

    public async Task<string> FindFolderAsync(string name)
    {
        var list = (await Client.CallAsync("Mailbox/get"))["list"]!.AsArray();
        var id = (JsonNode?)null;
        foreach (var level in name.Split('/'))
        {
            id = list.Single(folder => (string)folder!["name"]! == level && (string?)folder["parentId"] == (string?)id)!["id"];
        }

        return (string)id!;
    }

    /// <summary>Files a message, one char per octet, and gives its id.</summary>
    public async Task<string> FileAsync(string text, string folder = "INBOX", string date = "2024-01-01T00:00:00Z", string flags = "", string keywords = "")
    {
        var before = (string)(await Client.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!;
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")));
        var query = $"folder={Uri.EscapeDataString(folder)}&date={date}&flags={flags}&keywords={Uri.EscapeDataString(keywords)}";
        using var response = await server.Admin.PutAsync($"{path}/imports/{import}/k{filed++}?{query}", content);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        return (string)Assert.Single((await Client.CallAsync("Email/changes", new() { ["sinceState"] = before }))["created"]!.AsArray())!;
    }

    public async Task<JsonObject> GetAsync(string id, params string[] properties) =>
        Assert.Single((await Client.CallAsync("Email/get", new() { ["ids"] = new JsonArray(id), ["properties"] = Texts(properties) }))["list"]!.AsArray())!.AsObject();

    /// <summary>What Email/query finds, by names that a test has given to ids.</summary>
    public async Task<JsonObject> QueryAsync(JsonObject arguments) => await Client.CallAsync("Email/query", arguments);

    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
