using MailCloud.Blobs;

namespace MailCloud.Backup;

/// <summary>Copies blobs under their names, piece by piece. A body has its owners and none of their releases: the state that a copy stands for may be older than those.</summary>
public static class BlobCopy
{
    /// <returns>False: it is not there any more.</returns>
    public static async Task<bool> CopyAsync(IMessageBlobs from, IMessageBlobs to, StoredBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            var content = await from.OpenReadAsync(blob.Name, 0, null, cancellationToken).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                var upload = to.Create(blob.Name, blob.Owners);
                await using (upload.ConfigureAwait(false))
                {
                    await upload.WriteAsync(content, cancellationToken).ConfigureAwait(false);
                    if (upload.Length != blob.Length)
                    {
                        throw new InvalidDataException($"blob {blob.Name} has {upload.Length} octets instead of {blob.Length}");
                    }

                    await upload.CommitAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            return true;
        }
        catch (BlobMissingException)
        {
            return false;
        }
    }
}
