using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>A client of server-sent events.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient http;
    private readonly StreamReader reader;

    private EventStream(HttpClient http, HttpResponseMessage response, StreamReader reader) => (this.http, Response, this.reader) = (http, response, reader);

    public HttpResponseMessage Response { get; }

    /// <summary>As browsers keep it: of the last event that had one, or of a block without an event.</summary>
    public string LastId { get; private set; } = "";

    /// <summary>The mailbox's part of it.</summary>
    public string State => LastId.Split('.')[0];

    public static async Task<EventStream> OpenAsync(WebServer server, AuthenticationHeaderValue? who, string query, string? lastEventId = null)
    {
        var http = new HttpClient { BaseAddress = server.Http.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/jmap/eventsource?{query}");
        request.Headers.Authorization = who;
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var stream = new EventStream(http, response, new(await response.Content.ReadAsStreamAsync()));
        if (response.StatusCode == HttpStatusCode.OK)
        {
            Assert.Null((await stream.BlockAsync())?.Name);
        }

        return stream;
    }

    /// <summary>The next event; null: the stream has ended.</summary>
    public async Task<(string Name, JsonObject Data)?> NextAsync() => await BlockAsync() is { } block ? (block.Name!, JsonNode.Parse(block.Data!)!.AsObject()) : null;

    /// <summary>The types that the next state event has, and the state of the mailbox.</summary>
    public async Task<(string Types, string State)> NextStateAsync(string account)
    {
        var changed = await NextChangeAsync(account);
        Assert.All(changed.Where(type => type.Key is "Email" or "EmailDelivery" or "Mailbox" or "Thread"), type => Assert.Equal(State, (string)type.Value!));
        return (string.Join(' ', changed.Select(type => type.Key)), State);
    }

    /// <summary>The types that the next state event has, each with its state.</summary>
    public async Task<JsonObject> NextChangeAsync(string account)
    {
        var (name, data) = Assert.NotNull(await NextAsync());
        Assert.Equal(("state", "StateChange"), (name, (string)data["@type"]!));
        return data["changed"]![account]!.AsObject();
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        Response.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(string? Name, string? Data)?> BlockAsync()
    {
        (string? Name, string? Data) block = default;
        while (await reader.ReadLineAsync().WaitAsync(patience) is { } line)
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            switch (colon < 0 ? line : line[..colon])
            {
                case "":
                    return block;
                case "event":
                    block.Name = line[(colon + 2)..];
                    break;
                case "data":
                    block.Data = line[(colon + 2)..];
                    break;
                case "id":
                    LastId = line[(colon + 2)..];
                    break;
            }
        }

        return null;
    }
}
