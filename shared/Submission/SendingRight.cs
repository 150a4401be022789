using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Standing;

namespace MailCloud.Submission;

/// <summary>Whether an account may send, as the directory has it when a message begins: a login lasts for long.</summary>
public static class SendingRight
{
    /// <summary>What the account may do, and its record by now; without one it is gone, and may do nothing.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public static async ValueTask<(AccountState State, AddressRecord? Record)> FindAsync(
        AddressDirectory directory, Standings standings, AddressRecord account, Patience patience, CancellationToken cancellationToken)
    {
        var current = await directory.FindAsync(account.Address.Key, patience, cancellationToken).ConfigureAwait(false);
        return current is { Kind: AddressKind.Account } && current.Account == account.Account
            ? (await standings.FindStateAsync(current, patience, cancellationToken).ConfigureAwait(false), current)
            : (AccountState.Suspended, null);
    }
}
