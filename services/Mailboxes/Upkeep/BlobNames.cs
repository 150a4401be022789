using MailCloud.Blobs;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Reading names back, and finding one blob by its name.</summary>
internal static class BlobNames
{
    /// <summary>The delivery in a body's name, <c>tenant/body/id</c>; null when the name is of another kind.</summary>
    public static DeliveryId? BodyOf(string name) =>
        name.Split('/') is [var tenant, "body", var text] && tenant.Length > 0 && DeliveryId.TryParse(text, out var id) ? id : null;

    public static async Task<StoredBlob?> FindAsync(this IMessageBlobs blobs, string name, CancellationToken cancellationToken)
    {
        await foreach (var blob in blobs.ListAsync(name, cancellationToken))
        {
            // The name itself is the first of those that begin with it.
            return blob.Name == name ? blob : null;
        }

        return null;
    }
}
