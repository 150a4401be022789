using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Push;

/// <summary>How many clients may be connected to be told of changes: of an account, of a tenant and of all, so that nobody has every place of this process.</summary>
internal sealed class PushPlaces(JmapOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, int> accounts = [];
    private readonly Dictionary<TenantId, int> tenants = [];
    private int open;

    private PushOptions Limits => options.Push;

    /// <summary>Null when the account, its tenant or this process has as many as it may. Disposing gives the place back.</summary>
    public IDisposable? TryEnter(JmapUser user, string kind)
    {
        lock (gate)
        {
            if (open >= Limits.MaxConnections || CountOf(accounts, user.Account) >= Limits.MaxConnectionsPerAccount || CountOf(tenants, user.Tenant) >= Limits.MaxConnectionsPerTenant)
            {
                return null;
            }

            open++;
            accounts[user.Account] = CountOf(accounts, user.Account) + 1;
            tenants[user.Tenant] = CountOf(tenants, user.Tenant) + 1;
        }

        PushTelemetry.Connections.Add(1, PushTelemetry.By(kind));
        return new Place(this, user, kind);
    }

    private void Leave(JmapUser user)
    {
        lock (gate)
        {
            open--;
            Lower(accounts, user.Account);
            Lower(tenants, user.Tenant);
        }
    }

    private static int CountOf<T>(Dictionary<T, int> counts, T of)
        where T : notnull => counts.GetValueOrDefault(of);

    private static void Lower<T>(Dictionary<T, int> counts, T of)
        where T : notnull
    {
        if (--counts[of] == 0)
        {
            counts.Remove(of);
        }
    }

    private sealed class Place(PushPlaces places, JmapUser user, string kind) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                places.Leave(user);
                PushTelemetry.Connections.Add(-1, PushTelemetry.By(kind));
            }
        }
    }
}
