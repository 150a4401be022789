namespace MailCloud.MailboxAccess.Bodies;

/// <summary>Octets of a message, its prefix included.</summary>
internal readonly record struct OctetRange(long Offset, long Length)
{
    public static OctetRange Between(long start, long end) => new(start, Math.Max(0, end - start));
}
