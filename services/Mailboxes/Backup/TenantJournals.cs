using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Tokens;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>The names of the journals that are a tenant's in a backup: the tenant's own, its domains', and those of their addresses, which the domains' indexes list.</summary>
internal sealed class TenantJournals(BackupReader from, TenantId tenant)
{
    /// <summary>Those of the tenant alone but for its own, which says that there is a tenant.</summary>
    public async IAsyncEnumerable<string> OfTenantAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var kind in new[] { "usage", "oidc", "sending", "suppression-index" })
        {
            yield return $"{kind}/{tenant}";
        }

        await foreach (var part in from.Journals.ListAsync($"suppressions/{tenant}/", cancellationToken))
        {
            yield return part;
        }

        await foreach (var name in OfTokensAsync([ApiTokenLists.KeyOf(tenant, null)], cancellationToken))
        {
            yield return name;
        }
    }

    /// <summary>Those of a domain but for its own, which says that there is a domain, and those of its addresses.</summary>
    public async IAsyncEnumerable<string> OfDomainAsync(string domain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return $"dkim/{domain}";
        await foreach (var part in from.Journals.ListAsync($"index/{domain}/", cancellationToken))
        {
            yield return part;
        }
    }

    /// <summary>The keys of a domain's addresses, deleted ones too.</summary>
    public async IAsyncEnumerable<string> AddressesOfAsync(string domain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in from.Journals.ListAsync($"index/{domain}/", cancellationToken))
        {
            foreach (var key in (await from.FindAsync<AddressIndexState, AddressListed>(part, (s, e) => s.Apply(e), cancellationToken))?.Keys ?? [])
            {
                yield return key;
            }
        }
    }

    /// <summary>Those of an address but for its own, which leads to them.</summary>
    public async IAsyncEnumerable<string> OfAddressAsync(string key, AccountId? account, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var kind in new[] { "app-passwords", "totp", "logins", "group" })
        {
            yield return $"{kind}/{key}";
        }

        await foreach (var page in from.Journals.ListAsync($"group-page/{key}/", cancellationToken))
        {
            yield return page;
        }

        await foreach (var name in OfTokensAsync(ApiTokenLists.KeysOf(tenant, key), cancellationToken))
        {
            yield return name;
        }

        if (account is not null)
        {
            yield return $"mailbox/{account}";
            yield return $"sending/{account}";
            yield return $"submissions/{account}";
            yield return $"vacation/{account}";
        }
    }

    private async IAsyncEnumerable<string> OfTokensAsync(IReadOnlyList<string> lists, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var list in lists)
        {
            foreach (var token in (await from.FindAsync<ApiTokenListState, ApiTokenListed>($"tokens/{list}", (s, e) => s.Apply(e), cancellationToken))?.Listed.Keys.ToArray() ?? [])
            {
                yield return $"token/{token}";
            }

            yield return $"tokens/{list}";
        }
    }
}
