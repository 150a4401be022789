using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>The states that an account's event source tells (RFC 8620 §7.3), as they come.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly Channel<JsonObject> changes = Channel.CreateUnbounded<JsonObject>();
    private readonly CancellationTokenSource end = new();
    private readonly Stream stream;
    private readonly Task reading;

    private EventStream(Stream stream)
    {
        this.stream = stream;
        reading = ReadAsync();
    }

    public static async Task<EventStream> OpenAsync(JmapSession session) => new(await session.OpenEventsAsync());

    /// <summary>The next state of a type that differs from one; what was told before counts.</summary>
    public async Task<string> UntilAsync(string account, string type, string unlike)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var change in changes.Reader.ReadAllAsync(limit.Token))
        {
            if (change["changed"]?[account]?[type]?.GetValue<string>() is { } state && state != unlike)
            {
                return state;
            }
        }

        throw new InvalidOperationException("the event source ended");
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stream.DisposeAsync();
        end.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(end.Token))
            {
                if (item.EventType == "state")
                {
                    changes.Writer.TryWrite(JsonNode.Parse(item.Data)!.AsObject());
                }
            }
        }
        finally
        {
            changes.Writer.Complete();
        }
    }
}
