using MailCloud.Blobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Writes the body of a message that comes back: the octets that its mailbox showed, as a stream, whatever stood above the body it had.</summary>
internal static class RestoredBody
{
    private const int Piece = 64 * 1024;

    /// <exception cref="BlobMissingException">The backup lacks it.</exception>
    public static async Task<(BodyRef Body, MessageSummary Summary)> WriteAsync(
        BackupReader from, string source, ReadOnlyMemory<byte> prefix, MessageRow row, BlobUpload upload, string name, CancellationToken cancellationToken)
    {
        MimeScanner? scanner = new();
        await WriteAsync(prefix);
        await using (var body = await from.Blobs.OpenReadAsync(source, 0, null, cancellationToken))
        {
            var piece = new byte[Piece];
            for (int read; (read = await body.ReadAsync(piece, cancellationToken)) > 0;)
            {
                await WriteAsync(piece.AsMemory(0, read));
            }
        }

        if (upload.Length != prefix.Length + row.BodyLength)
        {
            throw new InvalidDataException($"body {source} has {upload.Length - prefix.Length} octets in the backup instead of {row.BodyLength}");
        }

        await upload.CommitAsync(cancellationToken);
        return (new(name, upload.Length), Guarded(() => scanner?.Finish()) ?? Opaque(upload.Length));

        async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
        {
            await upload.WriteAsync(octets, cancellationToken);
            scanner = Guarded(() =>
            {
                scanner?.Feed(octets.Span);
                return scanner;
            });
        }
    }

    private static MessageSummary Opaque(long length) => new() { Envelope = new(), Structure = new() { Type = "application", Subtype = "octet-stream", BodyLength = length } };

    // A parser that fails must not keep a message out of its mailbox.
    private static T? Guarded<T>(Func<T?> scan)
        where T : class
    {
        try
        {
            return scan();
        }
        catch (Exception)
        {
            return null;
        }
    }
}
