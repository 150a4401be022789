using System.Runtime.CompilerServices;
using MailCloud.Backup;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Brings back into an account's mailbox what it lacks of a backup, beside all that it has. Messages get new UIDs, as none is used twice (RFC 9051 §2.3.1.1), and keep their octets, flags, keywords and
/// dates. A repeat brings back nothing twice.
/// </summary>
internal sealed class MailboxRestore(IGrainFactory grains, GrainStorage storage, BackupPlace place, MailboxesOptions options)
{
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(
        string address, TenantId? reach, RestoreFrom wanted, RestoreCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var from = await BackupReader.OpenAsync(place, wanted.Backup, storage.Serializer, options, cancellationToken);
        await foreach (var record in RunAsync(from, address, reach, wanted, counts, cancellationToken))
        {
            yield return record;
        }

        yield return counts.Summary($"{counts.Restored} messages of backup {from.Name} came back to {address}, of {counts.Messages} that it has");
    }

    /// <param name="address">Its key.</param>
    /// <param name="reach">Beyond which nothing is read or written; null: the whole platform is in reach.</param>
    /// <exception cref="JobRefusedException">There is no such account, here or in the backup, or no room for what it lacks.</exception>
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(
        BackupReader from, string address, TenantId? reach, RestoreFrom wanted, RestoreCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var account = await FindAccountAsync(address, reach);
        var state = await FindSourceAsync(from, address, account, cancellationToken);
        var mailbox = grains.GetGrain<IMailboxGrain>(account.Value);
        var missing = new MissingMessages(mailbox, account, storage.Blobs, wanted.BegunAt);
        counts.Mailboxes++;
        await EnsureRoomAsync(address, from, state, mailbox, missing, cancellationToken);

        var target = new RestoredMailbox(address, account, mailbox, from, state, wanted, storage.Blobs, counts);
        foreach (var folder in state.Folders.Values)
        {
            await foreach (var record in target.RestoreAsync(folder, missing, cancellationToken))
            {
                yield return record;
            }
        }
    }

    // As the directory says now: the domain's tenant, and the account's.
    private async Task<AccountId> FindAccountAsync(string address, TenantId? reach)
    {
        var record = await grains.GetGrain<IAddressGrain>(address).GetAsync();
        var host = EmailAddress.TryParse(address, out var parsed) ? await grains.GetGrain<IDomainGrain>(parsed.AsciiDomain).GetTenantAsync() : null;
        return record is { Account: { } account, Kind: AddressKind.Account } && host == record.Tenant && account.Tenant == record.Tenant && (reach is null || reach == record.Tenant)
            ? account
            : throw new JobRefusedException($"{address} is no account here: make it first, or bring its tenant back");
    }

    // The account's own mailbox, or that of the account that the address stood for when the backup was taken: one that was removed and made anew has another id.
    private static async Task<MailboxState> FindSourceAsync(BackupReader from, string address, AccountId account, CancellationToken cancellationToken)
    {
        var state = await from.FindMailboxAsync(account, cancellationToken);
        if (state is null
            && await from.FindAsync<AddressState, AddressChanged>(AddressGrain.JournalNameOf(address), (s, e) => s.Apply(e), cancellationToken) is { Record: { Account: { } before } record }
            && record.Tenant == account.Tenant && before.Tenant == account.Tenant)
        {
            state = await from.FindMailboxAsync(before, cancellationToken);
        }

        return state ?? throw new JobRefusedException($"backup {from.Name} has no mailbox of {address}");
    }

    // Refused before anything is done: half of it would have to be found again. Only a mailbox that may come to its limit is looked through twice.
    private static async Task EnsureRoomAsync(
        string address, BackupReader from, MailboxState state, IMailboxGrain mailbox, MissingMessages missing, CancellationToken cancellationToken)
    {
        var quota = await mailbox.GetQuotaAsync() ?? throw new JobRefusedException($"{address} has no mailbox");
        if (quota.Allows(state.UsedBytes))
        {
            return;
        }

        var lacking = 0L;
        foreach (var folder in state.Folders.Values)
        {
            await foreach (var page in BackedUpMessage.PagesOfAsync(folder, from.Chunks, RestoredMailbox.Page))
            {
                lacking += (await missing.FindAsync(folder.UidValidity, page, cancellationToken)).Sum(found => found.Message.Row.Size);
            }
        }

        if (!quota.Allows(lacking))
        {
            throw new JobRefusedException($"{address} lacks {lacking} octets of backup {from.Name} and has room for {Math.Max(0, quota.LimitBytes - quota.UsedBytes)}: raise its quota first");
        }
    }
}
