using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The log of what administrators did: of one tenant, or of the platform. Nothing is taken from it but by time: what is older than <see cref="AuditLogs.KeptFor"/> goes. Key: see <see cref="AuditLogs"/>.
/// </summary>
[Alias("mc.IAuditGrain")]
public interface IAuditGrain : IGrainWithStringKey
{
    /// <summary>Writes down that something is about to be done; durable when it answers.</summary>
    [Alias("Begin")]
    Task BeginAsync(AuditRecord record);

    /// <summary>Completes the record of this <see cref="AuditRecord.Act"/>. One that was not begun, or so long ago that it was closed, is added whole.</summary>
    [Alias("End")]
    Task EndAsync(AuditRecord record);

    /// <summary>Records after a sequence number and not before a time, the oldest first.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<AuditRecord>> GetPageAsync(long after, DateTimeOffset since, int count);
}

/// <summary>One thing that somebody did, or tried to do, by the admin API.</summary>
[GenerateSerializer, Immutable, Alias("mc.AuditRecord")]
public sealed record AuditRecord
{
    /// <summary>Its place in its log, from 1; given by the log.</summary>
    [Id(0)] public long Sequence { get; init; }

    [Id(1)] public required Guid Act { get; init; }

    [Id(2)] public required DateTimeOffset At { get; init; }

    /// <summary>The id of the token that was shown; null: the platform's own, of the file.</summary>
    [Id(3)] public string? TokenId { get; init; }

    /// <summary>The name of that token.</summary>
    [Id(4)] public required string Name { get; init; }

    [Id(5)] public required AdminRole Role { get; init; }

    /// <summary>The client's IP address.</summary>
    [Id(6)] public required string From { get; init; }

    /// <summary>The method and the pattern of the path: <c>PUT /addresses/{address}</c>.</summary>
    [Id(7)] public required string Operation { get; init; }

    /// <summary>The path that was asked for.</summary>
    [Id(8)] public required string Path { get; init; }

    /// <summary>The status of the answer; null: it is still being done, or nobody knows what became of it.</summary>
    [Id(9)] public int? Status { get; init; }

    /// <summary>What of it was otherwise before, as a JSON object; null when nothing was, or it is not told. Never a secret.</summary>
    [Id(10)] public string? Before { get; init; }

    /// <summary>What of it is otherwise since, as a JSON object.</summary>
    [Id(11)] public string? After { get; init; }
}

public static class AuditLogs
{
    /// <summary>PCI DSS 10.5.1 asks for twelve months; Google Workspace keeps six.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(400);

    /// <param name="tenant">Null: the platform.</param>
    public static string KeyOf(TenantId? tenant) => tenant is { } id ? $"tenant/{id}" : "platform";
}
