using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>An immutable blob of entries, and what has changed of them since. While it is loaded they are in memory too.</summary>
internal sealed class SpoolPage(SpoolPageManifest manifest)
{
    private readonly Dictionary<string, EntryChange> amendments = new(StringComparer.Ordinal);
    private HashSet<string>? destinations = manifest.Destinations?.ToHashSet(StringComparer.Ordinal);
    private int finishedLocal;
    private int finishedOutbound;

    public SpoolPageManifest Manifest => manifest;

    public bool Loaded { get; set; }

    /// <summary>The entries while the blob is not durable.</summary>
    public SpoolEntry[]? Unwritten { get; set; }

    /// <summary>The read that is under way.</summary>
    public Task<SpoolEntry[]>? Reading { get; set; }

    /// <summary>When the first of its entries is due.</summary>
    public DateTimeOffset MinDue { get; set; } = manifest.MinDue;

    public int MaxPriority => manifest.MaxPriority;

    public int Local => manifest.Local - finishedLocal;

    public int Outbound => manifest.Outbound - finishedOutbound;

    public int Entries => Local + Outbound;

    public bool IsEmpty => Entries == 0;

    /// <summary>True when more than half of it is no longer as it was written.</summary>
    public bool IsWorn => amendments.Count > (manifest.Local + manifest.Outbound) / 2;

    public IEnumerable<EntryChange> Amendments => amendments.Values;

    /// <summary>The destinations of its entries; null when there are many and it was not read yet.</summary>
    public IReadOnlyCollection<string>? Destinations => destinations;

    /// <summary>When the first of its messages was accepted.</summary>
    public DateTimeOffset FirstAccepted { get; } = AcceptedOf(manifest.FirstKey);

    /// <summary>The order of leasing.</summary>
    public static int InOrder(SpoolPage a, SpoolPage b) => b.MaxPriority.CompareTo(a.MaxPriority) is not 0 and var byPriority ? byPriority : ByDue(a, b);

    public static int ByDue(SpoolPage a, SpoolPage b) => a.MinDue.CompareTo(b.MinDue) is not 0 and var byDue ? byDue : a.Manifest.Number.CompareTo(b.Manifest.Number);

    /// <summary>Keeps a change of an entry of this page for when it is loaded.</summary>
    public void Amend(EntryChange change)
    {
        var before = amendments.GetValueOrDefault(change.Key);
        var both = before?.Then(change) ?? change;
        amendments[change.Key] = both;
        if (both.Final && before is not { Final: true })
        {
            finishedLocal += both.Kind == SpoolKind.Local ? 1 : 0;
            finishedOutbound += both.Kind == SpoolKind.Outbound ? 1 : 0;
        }
        else if (!both.Final && both.DueAt < MinDue)
        {
            MinDue = both.DueAt;
        }
    }

    /// <summary>An entry as it is now; null when it is finished.</summary>
    public SpoolEntry? Amended(string key, SpoolEntry entry) =>
        !amendments.TryGetValue(key, out var change) ? entry : change.Final ? null : change.ApplyTo(entry);

    public void Know(IEnumerable<SpoolEntry> entries) => destinations = entries.Select(WaitingEntry.DestinationOf).ToHashSet(StringComparer.Ordinal);

    public bool MayHoldDestination(string destination) => destinations?.Contains(destination)
        ?? (string.CompareOrdinal(destination, manifest.FirstDestination) >= 0 && string.CompareOrdinal(destination, manifest.LastDestination) <= 0);

    public bool MayHoldKey(string key) => string.CompareOrdinal(key, manifest.FirstKey) >= 0 && string.CompareOrdinal(key, manifest.LastKey) <= 0
        && (manifest.Local > 0 || MayHoldDestination(key[(key.LastIndexOf('@') + 1)..]));

    /// <summary>False when none of its entries can be asked for.</summary>
    public bool MayMatch(SpoolFilter filter)
    {
        var ofKind = filter.Kind switch { SpoolKind.Local => Local, SpoolKind.Outbound => Outbound, _ => Local + Outbound };
        return ofKind > 0
            && (filter.Tenant is not { } tenant || manifest.Tenants?.Contains(tenant.Value, StringComparer.Ordinal) != false)
            && (filter.Destination is not { } destination || MayHoldDestination(destination))
            && (filter.Message is not { } message || SpansMessage(message.ToString()))
            && (filter.AcceptedBefore is not { } before || FirstAccepted < before);
    }

    // A key is the message's id, a colon, and the recipient.
    private bool SpansMessage(string message) =>
        string.CompareOrdinal(manifest.FirstKey, 0, message, 0, message.Length) <= 0 && string.CompareOrdinal(manifest.LastKey, 0, message, 0, message.Length) >= 0;

    private static DateTimeOffset AcceptedOf(string key) =>
        DeliveryId.TryParse(key[..Math.Max(0, key.IndexOf(':', StringComparison.Ordinal))], out var id) ? id.AcceptedAt : DateTimeOffset.MinValue;
}
