using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>
/// The tenants' suppression lists, as the relay uses them: what an address's own host refused for good is listed, and mail to a listed address fails without a connection. RCPT has refused most of it already;
/// here it is what waited meanwhile, was held, or was forwarded. A list that does not answer stops no mail.
/// </summary>
internal sealed class Suppressions(IGrainFactory grains, GrainCalls calls, RelayOptions options, RelayTelemetry telemetry, TimeProvider time, ILogger<Suppressions> logger) : IDisposable
{
    /// <summary>Which parts of its list a tenant uses is asked again after this long: as long as Smtp:DirectoryCache.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    /// <summary>About 2 MB when full.</summary>
    private const int Capacity = 20_000;

    private readonly MemoryCache used = RoutingCache.Create(Capacity, time);

    public void Dispose() => used.Dispose();

    /// <summary>Of these entries the ones that go to listed addresses, with their outcome.</summary>
    public async Task<IReadOnlyList<(SpoolEntry Entry, RelayOutcome Outcome)>> FindAsync(IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var found = new List<(SpoolEntry, RelayOutcome)>();
        foreach (var ofTenant in entries.GroupBy(e => e.Message.Tenant))
        {
            try
            {
                found.AddRange(await FindAsync(ofTenant.Key, [.. ofTenant], cancellationToken).ConfigureAwait(false));
            }
            catch (GrainUnavailableException e)
            {
                RelayLog.SuppressionsAway(logger, ofTenant.Key, e);
            }
        }

        return found;
    }

    /// <summary>Lists the recipient if that is what the failure calls for.</summary>
    public async Task AddAsync(SpoolEntry entry, RelayOutcome.Failed failed, CancellationToken cancellationToken)
    {
        // Nobody of the tenant wrote what has no sender: whoever sends mail here under a false name would choose what is listed.
        if (options.SuppressFor <= TimeSpan.Zero || entry.Message.Envelope.Sender is null || !HardBounce.Is(failed))
        {
            return;
        }

        var (tenant, address, now) = (entry.Message.Tenant, entry.Recipient.Remote[0], time.GetUtcNow());
        var suppression = new Suppression
        {
            Address = address.Key,
            At = now,
            Reason = failed.Reply.Length <= Suppression.MaxReason ? failed.Reply : failed.Reply[..Suppression.MaxReason],
            Host = failed.Host,
            Until = now + options.SuppressFor,
        };
        try
        {
            await calls.CallAsync(() => ListOf(tenant, SuppressionList.BucketOf(suppression.Address)).AddAsync(suppression), cancellationToken).ConfigureAwait(false);
            used.Remove(tenant);
            telemetry.Suppressed(tenant);
            RelayLog.Suppressed(logger, entry.Message.Id, tenant, address, suppression.Until.Value, failed.Reply);
        }
        catch (GrainUnavailableException e)
        {
            RelayLog.SuppressionsAway(logger, tenant, e);
        }
    }

    private async Task<IReadOnlyList<(SpoolEntry Entry, RelayOutcome Outcome)>> FindAsync(TenantId tenant, IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var parts = await UsedAsync(tenant, cancellationToken).ConfigureAwait(false);
        var byAddress = entries.ToLookup(e => e.Recipient.Remote[0].Key);
        var asked = byAddress.Select(a => a.Key).GroupBy(SuppressionList.BucketOf).Where(bucket => SuppressionList.IsUsed(parts, bucket.Key));
        var answers = await Task.WhenAll(asked.Select(bucket => calls.CallAsync(() => ListOf(tenant, bucket.Key).FindAsync([.. bucket]), cancellationToken).AsTask())).ConfigureAwait(false);
        return [.. answers.SelectMany(listed => listed).SelectMany(listed => byAddress[listed.Address].Select(entry => (entry, (RelayOutcome)OutcomeOf(listed))))];
    }

    private async ValueTask<ulong> UsedAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (used.TryGetValue(tenant, out ulong known))
        {
            return known;
        }

        var parts = await calls.CallAsync(() => grains.GetGrain<ISuppressionIndexGrain>(tenant.Value).GetUsedAsync(), cancellationToken).ConfigureAwait(false);
        used.Set(tenant, parts, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Remembered, Size = 1 });
        return parts;
    }

    private static RelayOutcome.Failed OutcomeOf(Suppression listed) => new RelayOutcome.Failed("5.1.1", $"550 5.1.1 {listed.Explanation}");

    private ISuppressionGrain ListOf(TenantId tenant, int bucket) => grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(tenant, bucket));
}
