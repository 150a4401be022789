using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Messages;

/// <summary>
/// Names one accepted message for ever: a version 7 UUID (RFC 9562 §5.7), so that it carries the time of acceptance to the
/// millisecond. It is the queue id in the 250 reply and in every log line that follows.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.DeliveryId")]
public readonly record struct DeliveryId([property: Id(0)] Guid Value)
{
    public static DeliveryId New(DateTimeOffset acceptedAt) => new(Guid.CreateVersion7(acceptedAt));

    /// <summary>The time of acceptance, read back from the first 48 bits.</summary>
    public DateTimeOffset AcceptedAt => DateTimeOffset.FromUnixTimeMilliseconds(AcceptedMilliseconds);

    /// <summary>The same since 1970, also of what a stranger made up: 48 bits reach beyond what is a date.</summary>
    public long AcceptedMilliseconds
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            Value.TryWriteBytes(bytes, bigEndian: true, out _);
            long milliseconds = 0;
            foreach (var b in bytes[..6])
            {
                milliseconds = (milliseconds << 8) | b;
            }

            return milliseconds;
        }
    }

    /// <summary>The UTC day of acceptance, by which mailboxes remember what they filed.</summary>
    public DateOnly AcceptDay => DateOnly.FromDateTime(AcceptedAt.UtcDateTime);

    /// <summary>The id of a message that follows from this one and from what is said of it: made again, it is the same, with the same time of acceptance.</summary>
    public DeliveryId Derive(string reason)
    {
        Span<byte> id = stackalloc byte[16];
        Value.TryWriteBytes(id, bigEndian: true, out _);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{this} {reason}"));
        hash.AsSpan(0, 10).CopyTo(id[6..]);
        id[6] = (byte)((id[6] & 0x0f) | 0x70); // RFC 9562 §5.7: version 7 …
        id[8] = (byte)((id[8] & 0x3f) | 0x80); // … and its variant.
        return new(new Guid(id, bigEndian: true));
    }

    public static bool TryParse(string text, out DeliveryId id)
    {
        var ok = Guid.TryParseExact(text, "N", out var value);
        id = new(value);
        return ok;
    }

    public override string ToString() => Value.ToString("N");
}
