using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Tells which messages of a backup a mailbox lacks, and names the body under which each comes back. A message is there when the mailbox holds its body, in whatever folder, or a body under which it
/// came back before. That name follows from the account and the message's place in the backup, so that a repeat finds what was done; and from a number, as a body that was released is never
/// referred to again: what came back and was removed since comes back under the next.
/// </summary>
internal sealed class MissingMessages(IMailboxGrain mailbox, AccountId account, IMessageBlobs blobs, DateTimeOffset begunAt)
{
    private readonly string owner = BodyOwner.Mailbox(account);

    public async Task<IReadOnlyList<(BackedUpMessage Message, DeliveryId Body)>> FindAsync(uint uidValidity, BackedUpMessage[] page, CancellationToken cancellationToken)
    {
        var held = await HeldOfAsync(page.Select(message => NameOf(new(message.Row.Body))).Distinct());
        var missing = new List<(BackedUpMessage Message, DeliveryId Body)>();
        var earlier = new Dictionary<string, BackedUpMessage>(StringComparer.Ordinal);
        foreach (var message in page.Where(message => !held.Contains(NameOf(new(message.Row.Body)))))
        {
            for (var time = 1; ; time++)
            {
                var id = new DeliveryId(message.Row.Body).Derive($"restored {account} {uidValidity} {message.Row.Uid} {time}");
                earlier[NameOf(id)] = message;
                var existing = await blobs.FindAsync(NameOf(id), cancellationToken);
                if (existing is null || existing.CreatedAt >= begunAt)
                {
                    // Of this job's own it is one that broke off before the message was filed, or the message was removed meanwhile, as its owner wants.
                    if (existing?.Released.Contains(owner) != true)
                    {
                        missing.Add((message, id));
                    }

                    break;
                }
            }
        }

        // Asked last: what another activation of the job files meanwhile it files under the same names.
        var back = (await HeldOfAsync(earlier.Keys)).Select(name => earlier[name]).ToHashSet();
        return [.. missing.Where(found => !back.Contains(found.Message))];
    }

    public string NameOf(DeliveryId body) => BodyRef.NameFor(account.Tenant, body);

    private async Task<HashSet<string>> HeldOfAsync(IEnumerable<string> names)
    {
        string[] asked = [.. names];
        return asked.Length == 0 ? [] : [.. await mailbox.HoldsBodiesAsync(asked)];
    }
}
