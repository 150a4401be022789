using System.Diagnostics;
using System.Text;
using MailCloud.Messages;
using Orleans.Serialization;
using RabbitMQ.Client;

namespace MailCloud.Queue.RabbitMq;

/// <summary>An entry on the wire: the stored form of <see cref="QueuedMessage"/> as content, the same octets as in embedded storage, and what happened to it in headers.</summary>
internal sealed class EntryFormat(Serializer serializer)
{
    private const string ContentType = "application/vnd.mailcloud.queued-message";
    private const string VersionHeader = "mailcloud-version";
    private const string FailuresHeader = "mailcloud-failures";
    private const string ReasonHeader = "mailcloud-reason";
    private const string ParkedAtHeader = "mailcloud-parked-at";

    /// <summary>Chars. All headers of an entry must fit into one frame, 128 kB by default.</summary>
    private const int MaxReason = 4096;

    public ReadOnlyMemory<byte> Encode(QueuedMessage message) => serializer.Encode(message);

    /// <exception cref="UnknownFormatException">A later build wrote it.</exception>
    /// <exception cref="DamagedRecordException">It is no such record.</exception>
    public QueuedMessage Decode(ReadOnlyMemory<byte> content) => serializer.Decode<QueuedMessage>(content);

    public static BasicProperties Properties(string? messageId, ReadOnlyMemory<byte> content, int failures) => new()
    {
        Persistent = true,
        ContentType = ContentType,
        MessageId = messageId,
        Headers = new Dictionary<string, object?> { [VersionHeader] = (int)content.Span[0], [FailuresHeader] = failures },
    };

    public static BasicProperties ParkedProperties(string? messageId, ReadOnlyMemory<byte> content, int failures, string reason, DateTimeOffset now)
    {
        var properties = Properties(messageId, content, failures);
        properties.Headers![ReasonHeader] = reason.Length > MaxReason ? reason[..MaxReason] : reason;
        properties.Headers![ParkedAtHeader] = now.ToUnixTimeMilliseconds();
        return properties;
    }

    public static int FailuresOf(IReadOnlyBasicProperties properties) => Header(properties, FailuresHeader) is int failures ? failures : 0;

    public static ActivityContext TraceOf(IReadOnlyBasicProperties properties) => QueueTrace.Extract(name => TextOf(properties, name));

    public ParkedMessage Parked(BasicGetResult entry)
    {
        var reason = TextOf(entry.BasicProperties, ReasonHeader) ?? "";
        var at = Header(entry.BasicProperties, ParkedAtHeader) is long milliseconds ? milliseconds : 0;
        return new ParkedMessage(Decode(entry.Body), reason, DateTimeOffset.FromUnixTimeMilliseconds(at));
    }

    public static object? Header(IReadOnlyBasicProperties properties, string name) => properties.Headers?.TryGetValue(name, out var value) == true ? value : null;

    public static string? TextOf(IReadOnlyBasicProperties properties, string name) => Header(properties, name) is byte[] octets ? Encoding.UTF8.GetString(octets) : null;
}
