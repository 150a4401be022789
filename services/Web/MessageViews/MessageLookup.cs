using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.MessageView;
using MailCloud.Messages;
using MailCloud.Web.Jmap;

namespace MailCloud.Web.MessageViews;

/// <summary>A message that somebody may see.</summary>
/// <param name="Path">Above its view and its parts.</param>
internal sealed record FoundMessage(AccountId Account, Guid Email, string Path, BodyPart Structure, BodyRef Body);

/// <summary>Finds a message by the ids of a path, for whoever makes the request.</summary>
internal sealed class MessageLookup(IGrainFactory grains, GrainCalls calls, IMessageBlobs blobs)
{
    /// <summary>Null: there is no such message for them. Whether another account has it is nobody's business.</summary>
    /// <exception cref="GrainUnavailableException">The mailbox did not answer.</exception>
    public async Task<FoundMessage?> FindAsync(JmapUser user, string accountId, string emailId, CancellationToken cancellationToken)
    {
        if (accountId != user.AccountKey || !ObjectIds.TryParseEmail(emailId, out var email))
        {
            return null;
        }

        var page = await calls.CallAsync(() => grains.GetGrain<IEmailGrain>(user.Account.Value).GetAsync([email], withContent: true), cancellationToken);
        return page.Emails is [{ Content: { } content } record] ? new(user.Account, email, $"/mail/{accountId}/{emailId}", content.Summary.Structure, record.Body) : null;
    }

    public PartSource SourceOf(FoundMessage message) => async (offset, length, ct) => await blobs.OpenReadAsync(message.Body.Name, offset, length, ct);
}
