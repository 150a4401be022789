using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Messages;

/// <summary>
/// Which conversation a message belongs to (RFC 8621 §3 leaves open how that is found): a hash of the id of the message that began it and of the subject without marks. It follows from the message alone:
/// filing reads nothing else, messages may come in any order, and the id of a thread never changes.
/// </summary>
public static class ThreadId
{
    /// <summary>Never 0, which stands for a thread that is not known.</summary>
    /// <param name="body">The id of the message's body: one that names no message, itself included, is alone.</param>
    public static ulong Of(MessageSummary summary, Guid body)
    {
        if (RootOf(summary) is not { Length: > 0 } root)
        {
            return OfAlone(body);
        }

        return Hash(root, BaseSubject.Of(HeaderDecoder.Decode(Encoding.Latin1.GetBytes(summary.Envelope.Subject ?? ""))));
    }

    /// <summary>Of a message of which nothing can be read.</summary>
    public static ulong OfAlone(Guid body) => Hash($"{body:N}", "");

    // References (RFC 5322 §3.6.4) begins with the oldest ancestor; a message without it answers what In-Reply-To names, and else begins a thread.
    private static string? RootOf(MessageSummary summary) =>
        FirstReference(summary) is { } reference ? reference
        : summary.Envelope.InReplyTo is { } parent && parent.Contains('<', StringComparison.Ordinal) && MessageIds.Normalize(parent) is { Length: > 0 } id ? id
        : summary.Envelope.MessageId is { } own ? MessageIds.Normalize(own)
        : null;

    // The summary keeps the newest of many; the header, where it is not too long to be kept, has them all.
    private static string? FirstReference(MessageSummary summary)
    {
        if (summary.Header is not { } header)
        {
            return summary.References is [var oldest, ..] && MessageIds.Normalize($"<{oldest}>") is { Length: > 0 } kept ? kept : null;
        }

        var at = HeaderFields.FindToken(header, "References"u8);
        if (at < 0 || header[at] != '<')
        {
            return null;
        }

        var end = header.AsSpan(at).IndexOf((byte)'>');
        return end > 0 && MessageIds.Normalize(Encoding.Latin1.GetString(header.AsSpan(at, end + 1))) is { Length: > 0 } id ? id : null;
    }

    private static ulong Hash(string root, string subject)
    {
        var hash = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{root}\0{subject}")));
        return hash == 0 ? 1 : hash;
    }
}
