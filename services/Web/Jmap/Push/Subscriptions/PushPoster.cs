using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Requests;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>What a push service made of a message.</summary>
/// <param name="IsGone">The subscription is none any more (RFC 8030 §7.3).</param>
/// <param name="RetryAfter">Of one that was not delivered: what the service asks for; null: nothing.</param>
internal readonly record struct PostResult(bool IsDelivered, bool IsGone, TimeSpan? RetryAfter);

/// <summary>Sends messages to push services (RFC 8620 §7.2, RFC 8030 §5), so many at a time.</summary>
internal sealed class PushPoster(JmapOptions options, TimeProvider time, ILogger<PushPoster> log) : IDisposable
{
    /// <summary>Seconds that a push service keeps a message for a device that is away: what has changed since, the device asks for anyway.</summary>
    private const string TimeToLive = "86400";

    private readonly SemaphoreSlim room = new(options.Push.MaxPosts);
    private readonly HttpClient http = new(PushTarget.CreateHandler(options.Push)) { Timeout = options.Push.PostTimeout };

    /// <param name="message">Called when it is its turn: the latest.</param>
    public async Task<PostResult> PostAsync(PushSubscription subscription, Func<JsonObject> message, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        try
        {
            using var request = RequestFor(subscription, message());
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var result = ResultOf(response);
            Note(subscription, result, $"{(int)response.StatusCode}");
            return result;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var result = new PostResult(false, false, null);
            Note(subscription, result, e.Message);
            return result;
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose()
    {
        http.Dispose();
        room.Dispose();
    }

    private static HttpRequestMessage RequestFor(PushSubscription subscription, JsonObject message)
    {
        var octets = JmapJson.ToUtf8(message);
        var isEncrypted = subscription is { P256dh: not null, Auth: not null };
        var content = new ByteArrayContent(isEncrypted ? WebPushEncryption.Encrypt(octets, subscription.P256dh!, subscription.Auth!) : octets);
        content.Headers.ContentType = new("application/json");
        if (isEncrypted)
        {
            content.Headers.ContentEncoding.Add("aes128gcm");
        }

        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url) { Content = content };
        request.Headers.Add("TTL", TimeToLive);

        // RFC 8030 §5.4: the later takes the place of one that was not delivered. Not of the verification, which is needed.
        if (message["@type"]!.GetValue<string>() == "StateChange")
        {
            request.Headers.Add("Topic", "state");
        }

        return request;
    }

    private PostResult ResultOf(HttpResponseMessage response) => new(
        response.IsSuccessStatusCode,
        response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone,
        RetryAfterOf(response.Headers.RetryAfter));

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? value) => value?.Delta ?? (value?.Date is { } date ? date - time.GetUtcNow() : null);

    private void Note(PushSubscription subscription, PostResult result, string answer)
    {
        PushTelemetry.Posts.Add(1, new KeyValuePair<string, object?>("outcome", result.IsDelivered ? "delivered" : result.IsGone ? "gone" : "later"));
        if (!result.IsDelivered)
        {
            // The URL is the client's secret: with it anybody may wake the device.
            log.NotPosted(subscription.Id, new Uri(subscription.Url).Host, answer);
        }
    }
}
