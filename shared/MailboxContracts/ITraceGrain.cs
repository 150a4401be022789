using System.Globalization;
using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// One shard of the record of what became of messages: the events of six hours about ids that hash to it. Key: see <see cref="TraceShards"/>. A diagnostic record: what it has taken it
/// writes within a second or so, and the end of its silo loses that second.
/// </summary>
[Alias("mc.ITraceGrain")]
public interface ITraceGrain : IGrainWithStringKey
{
    /// <summary>Takes events, which are written soon after. False: it has more than it can write, and takes none of these.</summary>
    [Alias("Record")]
    Task<bool> RecordAsync(IReadOnlyList<TraceEvent> events);

    /// <summary>The events about a message, at most <paramref name="most"/>, written or not yet; in no order.</summary>
    /// <param name="id">A Message-ID without its brackets, or a delivery id.</param>
    /// <param name="most">The earliest so many.</param>
    [Alias("Find")]
    Task<IReadOnlyList<TraceEvent>> FindAsync(string id, int most);
}

/// <summary>
/// Shards by six hours and by an id. The events about a message stand where its delivery id leads to, which every service knows; its <see cref="TraceKind.Named"/> event, which says what
/// delivery id a Message-ID has, stands where the Message-ID leads to.
/// </summary>
public static class TraceShards
{
    /// <summary>Of each six hours. So many appends at most are made in a second, however much mail there is.</summary>
    public const int Count = 16;

    private const string Format = "yyyyMMddHH";

    public static readonly TimeSpan Window = TimeSpan.FromHours(6);

    public static string Of(string id, DateTimeOffset at) => Of(Start(at), (int)(StableHash.Of(id) % Count));

    /// <summary>The shards where events about an id may stand that happened between two moments.</summary>
    public static IEnumerable<string> Between(string id, DateTimeOffset from, DateTimeOffset until)
    {
        for (var at = Start(from); at <= until; at += Window)
        {
            yield return Of(id, at);
        }
    }

    /// <summary>When the hours of a shard are over; null when the key is none.</summary>
    public static DateTimeOffset? EndOf(string key) =>
        key.Split('/') is [var hour, _] && DateTimeOffset.TryParseExact(hour, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) ? start + Window : null;

    private static string Of(DateTimeOffset start, int shard) => string.Create(CultureInfo.InvariantCulture, $"{start.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)}/{shard}");

    private static DateTimeOffset Start(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % Window.Ticks), TimeSpan.Zero);
}

/// <summary>Something that became of a message, or of some of its recipients. Never content, a subject or a secret.</summary>
[GenerateSerializer, Immutable, Alias("mc.TraceEvent")]
public sealed record TraceEvent
{
    [Id(0)] public required DeliveryId Delivery { get; init; }

    [Id(1)] public required DateTimeOffset At { get; init; }

    [Id(2)] public required TraceKind Kind { get; init; }

    /// <summary>The addresses it is about; of many only the first.</summary>
    [Id(3)] public IReadOnlyList<string> Recipients { get; init => field = value as string[] ?? [.. value]; } = [];

    /// <summary>How many recipients it is about.</summary>
    [Id(4)] public int Count { get; init; }

    /// <summary>The SMTP reply, ours or the next host's, or the reason.</summary>
    [Id(5)] public string? Reply { get; init; }

    /// <summary>The message's Message-ID, where the event tells it: without brackets.</summary>
    [Id(6)] public string? MessageId { get; init; }

    /// <summary>How it came, of a message that was accepted or refused.</summary>
    [Id(7)] public TraceSession? Session { get; init; }

    /// <summary>Where it was filed.</summary>
    [Id(8)] public TraceFiling? Filing { get; init; }

    /// <summary>The next host, of an attempt to send it on.</summary>
    [Id(9)] public TraceHop? Hop { get; init; }

    /// <summary>The report, or the message as which it goes on.</summary>
    [Id(10)] public DeliveryId? Other { get; init; }

    /// <summary>When it is due, if that is known.</summary>
    [Id(11)] public DateTimeOffset? DueAt { get; init; }
}

public enum TraceKind
{
    /// <summary>A Message-ID has this delivery id.</summary>
    Named = 0,

    /// <summary>The client got 250, or a service made the message.</summary>
    Accepted = 1,

    /// <summary>The client got no 250: the reply says why, and whether it may have been accepted all the same (451 4.3.0).</summary>
    Refused = 2,

    /// <summary>A recipient was refused at RCPT.</summary>
    RecipientRefused = 3,

    /// <summary>The copy is in the mailbox.</summary>
    Filed = 4,

    /// <summary>A live session has shown it instead (RFC 821 §3.4).</summary>
    Shown = 5,

    /// <summary>It waits in the spool: for another host, or for the end of a hold.</summary>
    Spooled = 6,

    /// <summary>An attempt failed, and there will be another.</summary>
    Deferred = 7,

    /// <summary>The next host has taken it.</summary>
    Relayed = 8,

    /// <summary>It has failed for good.</summary>
    Failed = 9,

    /// <summary>The delivery queue's entry failed as a whole, and comes again.</summary>
    Retried = 10,

    /// <summary>It is set aside for an operator.</summary>
    Parked = 11,

    /// <summary>The sender is sent a report.</summary>
    Reported = 12,

    /// <summary>The recipient's domain is hosted here by now: it goes on as another message.</summary>
    Returned = 13,

    /// <summary>An operator has given it up.</summary>
    Cancelled = 14,

    /// <summary>Members of a group get it, as another message.</summary>
    Expanded = 15,
}

/// <param name="Tenant">Whose mail it is.</param>
/// <param name="Listener">Which listener took it; empty for what a service made.</param>
/// <param name="Client">The client's address.</param>
/// <param name="Hello">What it called itself.</param>
/// <param name="Account">The account that authenticated; null: none.</param>
/// <param name="Tls">Protocol and cipher suite; null in clear.</param>
/// <param name="Sender">The reverse-path; empty when it is null.</param>
/// <param name="Octets">Of the message, as far as they came.</param>
[GenerateSerializer, Immutable, Alias("mc.TraceSession")]
public sealed record TraceSession(
    [property: Id(0)] string Tenant,
    [property: Id(1)] string Listener,
    [property: Id(2)] string Client,
    [property: Id(3)] string Hello,
    [property: Id(4)] string? Account,
    [property: Id(5)] string? Tls,
    [property: Id(6)] string Sender,
    [property: Id(7)] long Octets);

/// <param name="Account">The mailbox.</param>
/// <param name="Folder">Null when an earlier attempt filed it, or the mailbox runs an earlier build.</param>
/// <param name="UidValidity">Of the folder; 0 when it is not known.</param>
/// <param name="Uid">The message's; 0 when it is not known.</param>
[GenerateSerializer, Immutable, Alias("mc.TraceFiling")]
public sealed record TraceFiling([property: Id(0)] string Account, [property: Id(1)] string? Folder, [property: Id(2)] uint UidValidity, [property: Id(3)] uint Uid);

/// <param name="Host">The next host's name, as it was looked up.</param>
/// <param name="Address">Its address; null when the attempt ended before there was a session.</param>
/// <param name="Tls">Protocol, cipher suite and what proved the host; null in clear.</param>
[GenerateSerializer, Immutable, Alias("mc.TraceHop")]
public sealed record TraceHop([property: Id(0)] string Host, [property: Id(1)] string? Address, [property: Id(2)] string? Tls);
