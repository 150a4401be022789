using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Groups;

/// <summary>Makes the next page of an expansion: members of a group, and what they stand for. It decides nothing: what counts is the page that the expansion's grain fixes.</summary>
internal sealed class GroupWalk(IGrainFactory grains, GrainCalls calls, MemberLookup members, GroupSizes sizes)
{
    /// <summary>Groups of groups. As far as aliases are followed, and beyond use.</summary>
    private const int MaxDepth = 10;

    /// <summary>Groups that one message is expanded to. What its expansion keeps in memory of each is its name.</summary>
    private const int MaxGroups = 10_000;

    /// <summary>The page after a step.</summary>
    /// <exception cref="GrainUnavailableException">The directory does not answer.</exception>
    public async Task<ExpansionPage> NextAsync(QueuedMessage message, ExpansionStep step, CancellationToken cancellationToken)
    {
        var at = step.Next!.Value;
        var addresses = await calls.CallAsync(() => grains.GetGrain<IGroupGrain>(at.Group.Key).GetPageAsync(at.After, sizes.Members), cancellationToken);
        var found = Fitting(await members.FindAsync(addresses, message.Tenant, cancellationToken));
        var mayNest = at.Depth < MaxDepth && step.Groups < MaxGroups;
        return new()
        {
            Number = step.Number + 1,
            Recipients = [.. found.Select(member => RecipientOf(member, mayNest)).OfType<EnvelopeRecipient>()],
            Sender = await SenderOfAsync(message, at.Group, cancellationToken),
            Walked = at with { After = found.Count > 0 ? found[^1].Address.Key : at.After },
            EndsGroup = addresses.Count < sizes.Members && found.Count == addresses.Count,
            Groups = mayNest ? [.. found.SelectMany(member => member.Groups)] : [],
        };
    }

    private List<Member> Fitting(Member[] members)
    {
        var fitting = new List<Member>(members.Length);
        var copies = 0;
        foreach (var member in members)
        {
            fitting.Add(member);
            copies += member.Copies;
            if (copies >= sizes.Copies)
            {
                break;
            }
        }

        return fitting;
    }

    // A group that is too deep in others cannot be reached, as who runs this one is told.
    private static EnvelopeRecipient? RecipientOf(Member member, bool mayNest) =>
        member.Recipient ?? (member.Groups.Count > 0 && !mayNest ? new() { Address = member.Address, Notify = DsnNotify.Failure } : null);

    /// <summary>RFC 5321 §3.9.2: who runs the list is told what becomes of its copies. Of a report nobody is (§4.5.5).</summary>
    private async Task<EmailAddress?> SenderOfAsync(QueuedMessage message, EmailAddress group, CancellationToken cancellationToken)
    {
        if (message.Envelope.Sender is null)
        {
            return null;
        }

        var record = await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(group.Key).GetAsync(), cancellationToken);
        return (record ?? new() { Address = group, Tenant = message.Tenant, Kind = AddressKind.Group }).RunBy;
    }
}

/// <summary>How much of a group is one message.</summary>
/// <param name="Members">At most; as many as an alias has targets: the queue's entry is some 50 kB.</param>
/// <param name="Copies">After which a page is full: members that are aliases come to more than one each.</param>
internal sealed record GroupSizes(int Members = 500, int Copies = 1000);
