using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Asks the owners that bodies name whether they hold them.</summary>
internal sealed class BodyHolders(IGrainFactory grains)
{
    private static readonly string MailboxPrefix = BodyOwner.Mailbox(new AccountId(""));

    /// <summary>
    /// For each body, the owners that have not released it and do not hold it either. A mailbox that cannot answer counts as holding all it was asked
    /// about: nothing is deleted because something is damaged or out of reach.
    /// </summary>
    public async Task<AskedOwners> FindAbsentAsync(IReadOnlyList<StoredBlob> bodies, WaitingBodies waiting)
    {
        var open = bodies
            .Where(body => !waiting.Hold(body.Name))
            .SelectMany(body => body.Owners.Except(body.Released).Select(owner => (Body: body, Owner: owner)))
            .Where(pair => !waiting.Hold(pair.Body.Name, pair.Owner))
            .ToList();
        var held = new HashSet<(string, string)>();
        var silent = new List<string>();
        foreach (var asked in open.Where(pair => pair.Owner.StartsWith(MailboxPrefix, StringComparison.Ordinal)).GroupBy(pair => pair.Owner))
        {
            var names = asked.Select(pair => pair.Body.Name).ToList();
            try
            {
                var mailbox = grains.GetGrain<IMailboxGrain>(asked.Key[MailboxPrefix.Length..]);
                held.UnionWith((await mailbox.HoldsBodiesAsync(names)).Select(name => (name, asked.Key)));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                silent.Add($"{asked.Key}: {e.Message}");
                held.UnionWith(names.Select(name => (name, asked.Key)));
            }
        }

        var absent = open.Where(pair => !held.Contains((pair.Body.Name, pair.Owner)))
            .GroupBy(pair => pair.Body, pair => pair.Owner)
            .Select(group => (group.Key, (IReadOnlyList<string>)[.. group]));
        return new([.. absent], silent);
    }
}

/// <summary>Owners that do not hold a body they should, and mailboxes that could not be asked, with the reason.</summary>
internal sealed record AskedOwners(IReadOnlyList<(StoredBlob Body, IReadOnlyList<string> Owners)> Absent, IReadOnlyList<string> Silent);
