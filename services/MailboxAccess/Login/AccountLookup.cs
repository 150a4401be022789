using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.MailboxAccess.Login;

/// <summary>Finds the account of a login name, which is its address, also in a domain that is another name of its own, for one attempt to log in.</summary>
internal sealed class AccountLookup(IGrainFactory grains, GrainCalls calls, Standings standings, LoginProtocols protocol)
{
    private AddressRecord? found;
    private long since;
    private string? nameKey;

    public AccountId? Account => found?.Account;

    /// <summary>What was found last; null when that name is no account's.</summary>
    public AddressRecord? Record => found;

    /// <summary>What the directory has by this name, in whatever way it is written.</summary>
    public async ValueTask<FoundLogin> FindAsync(string username, CancellationToken cancellationToken)
    {
        found = null;
        if (!EmailAddress.TryParse(username, out var address))
        {
            return new(username, null);
        }

        nameKey = address.Key;
        since = standings.Changes;
        var patience = calls.NewPatience();
        found = await standings.FindAccountAsync(address, patience, cancellationToken).ConfigureAwait(false);

        // By the account's own address, whatever name it has come by: its failures count together.
        var key = found?.Address.Key ?? await standings.KeyOfUnknownAsync(address, patience, cancellationToken).ConfigureAwait(false);
        return new(key, found?.Verifier)
        {
            AppPasswords = (digest, network, ct) => FindAppPasswordAsync(key, digest, network, ct),
            SecondFactor = found is { HasSecondFactor: true } ? SecondFactor.NotAskedFor : null,
        };
    }

    /// <summary>True when both names are the same account's: its own, or the one that it logs in by.</summary>
    public bool IsSelf(string authorizationId) =>
        authorizationId.Length == 0 || (EmailAddress.TryParse(authorizationId, out var address) && (address.Key == found?.Address.Key || address.Key == nameKey));

    /// <summary>Stores the verifier of today's form, now that the password is known. Another login may have been first: that is as well.</summary>
    public async ValueTask ReplaceAsync(VerifierChange? change, CancellationToken cancellationToken)
    {
        if (change is not null && found is not null)
        {
            await calls.CallAsync(() => Grain(found.Address).ReplaceVerifierAsync(change.Expected, change.Verifier), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A session of the account, or why there is none.</summary>
    public ValueTask<Admission> EnterAsync(AppPasswordMatch? appPassword, CancellationToken cancellationToken) =>
        standings.EnterAsync(found!, appPassword?.Id, since, calls.NewPatience(), cancellationToken);

    private async ValueTask<AppPasswordMatch?> FindAppPasswordAsync(string key, string digest, string network, CancellationToken cancellationToken) =>
        await standings.UseAppPasswordAsync(found, key, digest, protocol, network, calls.NewPatience(), cancellationToken).ConfigureAwait(false) is { } used ? new(used.Id, used.Name) : null;

    private IAddressGrain Grain(EmailAddress address) => grains.GetGrain<IAddressGrain>(address.Key);
}
