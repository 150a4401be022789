using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Standing;

/// <summary>The sessions of this edge by account, and which changes of the directory it has been told of: one small entry for each session, and nothing that runs.</summary>
public sealed class AccountSessions
{
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, AccountSession[]> sessions = [];
    private readonly Dictionary<TenantId, int> ofTenants = [];
    private readonly DirectoryVersions versions = new();
    private long changes;

    /// <summary>Rises with each change of the directory, whatever it touches.</summary>
    public long Changes => Volatile.Read(ref changes);

    /// <summary>Rises with each change of what has this name, and now and then with others. What was read when it stood lower is to be read again.</summary>
    /// <param name="name">The key of an address, a domain as lower-case A-labels, or a tenant's id.</param>
    public long VersionOf(string name) => versions.Of(name);

    /// <summary>A session of the account, from now until it is disposed.</summary>
    internal AccountSession Enter(AccountId account, string addressKey, Guid? appPassword)
    {
        var session = new AccountSession(this, account, addressKey, appPassword);
        lock (gate)
        {
            sessions[account] = [.. sessions.GetValueOrDefault(account, []), session];
            ofTenants[account.Tenant] = ofTenants.GetValueOrDefault(account.Tenant) + 1;
        }

        return session;
    }

    /// <summary>False when it has left already.</summary>
    internal bool Leave(AccountSession session)
    {
        lock (gate)
        {
            if (!sessions.TryGetValue(session.Account, out var all) || !all.Contains(session))
            {
                return false;
            }

            if (--ofTenants[session.Account.Tenant] == 0)
            {
                ofTenants.Remove(session.Account.Tenant);
            }

            AccountSession[] others = [.. all.Where(other => other != session)];
            if (others.Length > 0)
            {
                sessions[session.Account] = others;
            }
            else
            {
                sessions.Remove(session.Account);
            }

            return true;
        }
    }

    internal int CountOf(TenantId tenant)
    {
        lock (gate)
        {
            return ofTenants.GetValueOrDefault(tenant);
        }
    }

    /// <summary>Nothing that was read before counts any more.</summary>
    internal void ForgetAll()
    {
        versions.ChangeAll();
        Interlocked.Increment(ref changes);
    }

    internal void Apply(StandingChange change)
    {
        versions.Change(change.AddressKey ?? change.Domain ?? change.Tenant.Value);
        Interlocked.Increment(ref changes);
        if (change is { AppPassword: { } appPassword, Account: { } owner })
        {
            Revoke(owner, appPassword);
        }
        else if (change is { EndsSessions: true, Domain: { } domain })
        {
            End((_, addressKey) => addressKey.AsSpan(addressKey.LastIndexOf('@') + 1).SequenceEqual(domain));
        }
        else if (change is { EndsSessions: true, AddressKey: null })
        {
            End((account, _) => account.Tenant == change.Tenant);
        }
        else if (change is { EndsSessions: true, Account: { } suspended })
        {
            End(suspended);
        }
    }

    internal void End(AccountId account)
    {
        lock (gate)
        {
            foreach (var session in sessions.GetValueOrDefault(account, []))
            {
                session.End();
            }
        }
    }

    internal void Revoke(AccountId account, Guid appPassword)
    {
        lock (gate)
        {
            foreach (var session in sessions.GetValueOrDefault(account, []).Where(session => session.AppPassword == appPassword))
            {
                session.Revoke();
            }
        }
    }

    /// <summary>The app passwords that have opened sessions of an account here.</summary>
    internal IReadOnlyCollection<Guid> AppPasswordsOf(AccountId account)
    {
        lock (gate)
        {
            return [.. sessions.GetValueOrDefault(account, []).Select(session => session.AppPassword).OfType<Guid>().Distinct()];
        }
    }

    /// <summary>Each account that has a session here, with the address by which it is read.</summary>
    internal IReadOnlyList<(AccountId Account, string AddressKey)> All()
    {
        lock (gate)
        {
            return [.. sessions.Values.Select(ofAccount => (ofAccount[0].Account, ofAccount[0].AddressKey))];
        }
    }

    // Over the sessions of one edge, ten thousand at most.
    private void End(Func<AccountId, string, bool> which)
    {
        foreach (var (account, _) in All().Where(live => which(live.Account, live.AddressKey)))
        {
            End(account);
        }
    }
}
