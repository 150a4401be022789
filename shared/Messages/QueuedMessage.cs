namespace MailCloud.Messages;

/// <summary>
/// What an edge puts on the delivery queue for one accepted message: everything that later steps need but the body, which stands
/// under <see cref="Body"/> in the blob store. All its recipients belong to one tenant.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.QueuedMessage")]
public sealed record QueuedMessage : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required DeliveryId Id { get; init; }

    [Id(1)] public required TenantId Tenant { get; init; }

    [Id(2)] public required BodyRef Body { get; init; }

    [Id(3)] public required Envelope Envelope { get; init; }

    /// <summary>The trace fields that this host adds above the body, whole lines with CRLF (RFC 5321 §4.4); without Return-Path, which final delivery adds.</summary>
    [Id(4)] public required string Trace { get; init; }

    /// <summary>The account that submitted it; null when it came from another host.</summary>
    [Id(5)] public AccountId? Submitter { get; init; }

    /// <summary>W3C trace context of the accepting span, so that one trace covers the message.</summary>
    [Id(6)] public string? TraceParent { get; init; }

    /// <summary>When a report was made, whose id has the time of what it is about; null when it is no report.</summary>
    [Id(7)] public DateTimeOffset? ReportedAt { get; init; }

    /// <summary>The address of the account that submitted it, for who asks what that may do by now; null when it came from another host, or was submitted before this was kept.</summary>
    [Id(8)] public EmailAddress? SubmitterAddress { get; init; }

    /// <summary>The message to a group that this one, to some of its members, comes of; null when it was sent as it is.</summary>
    [Id(9)] public DeliveryId? Origin { get; init; }

    /// <summary>The id by which mailboxes know it: whoever is reached by several ways, or twice, gets one copy.</summary>
    public DeliveryId FiledAs => Origin ?? Id;

    /// <summary>From when it may be delivered, which is what the age of waiting mail counts from: its acceptance, the end of its hold (RFC 4865), or when it was made.</summary>
    public DateTimeOffset ReleasedAt => new[] { Id.AcceptedAt, Envelope.HoldUntil ?? default, ReportedAt ?? default }.Max();
}

/// <summary>A message body in the blob store: its name and its length in octets.</summary>
[GenerateSerializer, Immutable, Alias("mc.BodyRef")]
public readonly record struct BodyRef([property: Id(0)] string Name, [property: Id(1)] long Length)
{
    /// <summary>Bodies carry their tenant and their delivery in their name.</summary>
    public static string NameFor(TenantId tenant, DeliveryId id) => $"{tenant.Value}/body/{id}";
}
