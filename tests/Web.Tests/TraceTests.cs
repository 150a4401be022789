using System.Net;
using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class TraceTests(WebServer server)
{
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Messages_with_one_message_id_are_shown_apart_each_in_order_of_time()
    {
        var earlier = DeliveryId.New(now.AddHours(-13));
        var later = DeliveryId.New(now.AddHours(-1));
        await RecordAsync("same@example.test", Event(later, TraceKind.Accepted, -60), Event(later, TraceKind.Filed, -59));
        await RecordAsync("same@example.test", Event(earlier, TraceKind.Accepted, -780), Event(earlier, TraceKind.Spooled, -779), Event(earlier, TraceKind.Deferred, -400), Event(earlier, TraceKind.Relayed, 0));

        foreach (var asked in (string[])["<same@example.test>", "same@example.test"])
        {
            var messages = await MessagesAsync(asked);
            Assert.Equal([earlier.ToString(), later.ToString()], messages.Select(m => m.GetProperty("id").GetString()));
            Assert.Equal(["accepted", "spooled", "deferred", "relayed"], Kinds(messages[0]));
            Assert.Equal(["accepted", "filed"], Kinds(messages[1]));
        }

        Assert.Equal(["accepted", "filed"], Kinds(Assert.Single(await MessagesAsync(later.ToString()))));
    }

    [Fact]
    public async Task What_a_shard_took_twice_is_shown_once_and_what_goes_on_as_another_message_is_shown_with_it()
    {
        var (id, other) = (DeliveryId.New(now), DeliveryId.New(now));
        TraceEvent[] events = [Event(id, TraceKind.Accepted, -2), Event(id, TraceKind.Returned, -1) with { Other = other }, Event(other, TraceKind.Filed, 0)];
        await RecordAsync("moved@example.test", events);
        await RecordAsync("moved@example.test", events);

        var messages = await MessagesAsync("moved@example.test");
        Assert.Equal([id.ToString(), other.ToString()], messages.Select(m => m.GetProperty("id").GetString()));
        Assert.Equal(["accepted", "returned"], Kinds(messages[0]));
        Assert.Equal(["filed"], Kinds(messages[1]));
    }

    [Fact]
    public async Task A_cancelled_message_says_so()
    {
        var id = DeliveryId.New(now);
        var remote = new EmailAddress("ann", "trace.test");
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of("trace.test")).AddAsync(
        [
            new()
            {
                Kind = SpoolKind.Outbound,
                DueAt = now.AddHours(1),
                Message = new() { Id = id, Tenant = new("demo"), Body = new("demo/body/none", 1), Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] }, Trace = "" },
            },
        ]);
        await server.SendAsync(HttpMethod.Post, $"/admin/v1/spool/{id}/cancel");

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var (status, answer) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/trace?message-id={id}");
        while (status != HttpStatusCode.OK)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
            (status, answer) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/trace?message-id={id}");
        }

        Assert.Equal(["cancelled"], Kinds(answer.GetProperty("messages")[0]));
        Assert.Equal("ann@trace.test", answer.GetProperty("messages")[0].GetProperty("events")[0].GetProperty("recipients")[0].GetString());
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("?message-id=%3C%3E", HttpStatusCode.BadRequest)]
    [InlineData("?message-id=unheard-of@example.test", HttpStatusCode.NotFound)]
    [InlineData("?message-id=0193a1b2c3d47e5f8a6b7c8d9e0f1a2b", HttpStatusCode.NotFound)]
    public async Task What_is_unknown_or_no_id_is_said(string query, HttpStatusCode status) => Assert.Equal(status, (await server.SendAsync(HttpMethod.Get, $"/admin/v1/trace{query}")).Status);

    /// <param name="id">Whose.</param>
    /// <param name="kind">What.</param>
    /// <param name="minutes">When, from now.</param>
    private TraceEvent Event(DeliveryId id, TraceKind kind, int minutes) => new() { Delivery = id, At = now.AddMinutes(minutes), Kind = kind, Recipients = ["a@example.test"], Count = 1 };

    private async Task RecordAsync(string messageId, params TraceEvent[] events)
    {
        var named = events[0] with { Kind = TraceKind.Named, MessageId = messageId };
        await ShardOf(messageId, named.At).RecordAsync([named]);
        foreach (var happened in events)
        {
            await ShardOf(happened.Delivery.ToString(), happened.At).RecordAsync([happened]);
        }
    }

    private ITraceGrain ShardOf(string id, DateTimeOffset at) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<ITraceGrain>(TraceShards.Of(id, at));

    private async Task<List<JsonElement>> MessagesAsync(string id)
    {
        var (status, answer) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/trace?message-id={Uri.EscapeDataString(id)}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.False(answer.GetProperty("more").GetBoolean());
        return [.. answer.GetProperty("messages").EnumerateArray()];
    }

    private static IEnumerable<string?> Kinds(JsonElement message) => message.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("kind").GetString());
}
