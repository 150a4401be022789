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
    public DateTimeOffset AcceptedAt
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

            return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        }
    }

    /// <summary>The UTC day of acceptance, by which mailboxes remember what they filed.</summary>
    public DateOnly AcceptDay => DateOnly.FromDateTime(AcceptedAt.UtcDateTime);

    public static bool TryParse(string text, out DeliveryId id)
    {
        var ok = Guid.TryParseExact(text, "N", out var value);
        id = new(value);
        return ok;
    }

    public override string ToString() => Value.ToString("N");
}
