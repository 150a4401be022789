using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Requests;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

internal enum PostOutcome
{
    Delivered,

    /// <summary>It was not, and is tried again.</summary>
    Later,

    /// <summary>The account is suspended: nothing is sent until it is not.</summary>
    Suspended,

    /// <summary>The subscription is none any more: the push service says so (RFC 8030 §7.3), or its credential has ended.</summary>
    Gone,
}

/// <param name="RetryAfter">Of one that comes later: what the push service asks for; null: nothing.</param>
internal readonly record struct PostResult(PostOutcome Outcome, TimeSpan? RetryAfter = null);

/// <summary>Sends messages to push services (RFC 8620 §7.2, RFC 8030 §5).</summary>
internal sealed class PushPoster(JmapOptions options, TimeProvider time, ILogger<PushPoster> log) : IDisposable
{
    /// <summary>Seconds that a push service keeps a message for a device that is away: what has changed since, the device asks for anyway.</summary>
    private const string TimeToLive = "86400";

    /// <summary>RFC 8030 §5.4.</summary>
    private const int TopicLength = 32;

    private readonly HttpClient http = new(PushTarget.CreateHandler(options.Push)) { Timeout = options.Push.PostTimeout };
    private readonly VapidKey? key = options.Push.FindVapidKey();

    private string Domain => options.PostmasterDomain.Length > 0 ? options.PostmasterDomain : options.HostName;

    private string Subject => options.Push.VapidSubject.Length > 0 ? options.Push.VapidSubject : $"mailto:postmaster@{Domain}";

    public async Task<PostResult> PostAsync(PushSubscription subscription, JsonObject message, CancellationToken cancellationToken)
    {
        try
        {
            using var request = RequestFor(subscription, message);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var result = ResultOf(response);
            Note(subscription, result, $"{(int)response.StatusCode}");
            return result;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var result = new PostResult(PostOutcome.Later);
            Note(subscription, result, e.Message);
            return result;
        }
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage RequestFor(PushSubscription subscription, JsonObject message)
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
        if (TopicOf(message) is { } topic)
        {
            request.Headers.Add("Topic", topic);
        }

        // RFC 9749 §4: each of them, the verification too.
        request.Headers.Authorization = key?.Sign(request.RequestUri!, Subject, time.GetUtcNow());
        return request;
    }

    // RFC 8030 §5.4: the later takes the place of one that was not delivered, if it is of the same types. One of fewer would take the news of the others away.
    // The verification has none, as it is needed.
    private static string? TopicOf(JsonObject message)
    {
        if (message["changed"] is not JsonObject changed)
        {
            return null;
        }

        var types = changed.SelectMany(account => account.Value!.AsObject().Select(type => type.Key)).Order(StringComparer.Ordinal);
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', types))))[..TopicLength];
    }

    private PostResult ResultOf(HttpResponseMessage response) => response switch
    {
        { IsSuccessStatusCode: true } => new(PostOutcome.Delivered),
        { StatusCode: HttpStatusCode.NotFound or HttpStatusCode.Gone } => new(PostOutcome.Gone),
        _ => new(PostOutcome.Later, RetryAfterOf(response.Headers.RetryAfter)),
    };

    private TimeSpan? RetryAfterOf(RetryConditionHeaderValue? value) => value?.Delta ?? (value?.Date is { } date ? date - time.GetUtcNow() : null);

    private void Note(PushSubscription subscription, PostResult result, string answer)
    {
        PushTelemetry.Posts.Add(1, new KeyValuePair<string, object?>("outcome", result.Outcome switch { PostOutcome.Delivered => "delivered", PostOutcome.Gone => "gone", _ => "later" }));
        if (result.Outcome != PostOutcome.Delivered)
        {
            // The URL is the client's secret: with it anybody may wake the device.
            log.NotPosted(subscription.Id, new Uri(subscription.Url).Host, answer);
        }
    }
}
