namespace MailCloud.OutboundRelay.Sending;

/// <summary>
/// How many entries a connection leases at a time: about what it sends in half a second. Tenants take turns from lease to lease, so that what another tenant has just accepted waits for the batch in hand only.
/// </summary>
internal sealed class BatchSize
{
    private const int First = 4;
    private const int Largest = 64;
    private static readonly TimeSpan Aim = TimeSpan.FromMilliseconds(500);

    public int Next { get; private set; } = First;

    /// <summary>What a batch took.</summary>
    public void Took(TimeSpan time) => Next = time < Aim / 2 ? Math.Min(Largest, Next * 2) : time > Aim ? Math.Max(1, Next / 2) : Next;
}
