using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>A message made ready for a next hop, or why that cannot be.</summary>
internal abstract record PreparedContent
{
    private PreparedContent()
    {
    }

    /// <summary>The octets as the next hop gets them.</summary>
    /// <param name="Form">The least that holds them: what BODY= is to say of them (RFC 6152 §3, RFC 3030 §3).</param>
    /// <param name="Length">Octets, before dot-stuffing. But for <see cref="BodyType.BinaryMime"/> they end with CRLF and have it alone for a line end.</param>
    /// <param name="OpenAsync">A forward stream of them, the same each time. Its memory does not grow with their number.</param>
    public sealed record Ready(BodyType Form, long Length, Func<CancellationToken, Task<Stream>> OpenAsync) : PreparedContent;

    /// <summary>What the next hop takes cannot hold it, and it cannot be changed so that it would: 5.6.3 (RFC 3463 §3.7).</summary>
    /// <param name="Reason">What is in the way, for the report to the sender: half a sentence.</param>
    public sealed record CannotDowngrade(string Reason) : PreparedContent
    {
        public const string Status = "5.6.3";
    }
}
