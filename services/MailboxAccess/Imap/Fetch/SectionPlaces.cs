using MailCloud.MailboxAccess.Bodies;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>Where the sections of IMAP stand in a message's octets.</summary>
internal static class SectionPlaces
{
    /// <summary>Where a section stands. For HEADER.FIELDS that is the header to choose from. Null when the message has no such part.</summary>
    public static OctetRange? Find(this MessageOctets octets, BodySection section)
    {
        var stored = section.IsOfMessage
            ? section.LocateOfMessage(octets.TextStart, octets.PrefixLength + octets.BodyLength)
            : section.Locate(octets.Root, octets.PrefixLength, octets.BodyLength);
        return stored is { } range ? octets.Show(range) : null;
    }

    /// <summary>The part of it that a partial fetch asks for; nothing when it begins beyond the end (RFC 3501 §6.4.5).</summary>
    public static OctetRange Slice(this OctetRange range, PartialRange? partial)
    {
        if (partial is not { } p)
        {
            return range;
        }

        var start = Math.Min(p.Offset, range.Length);
        return new(range.Offset + start, Math.Min(p.Count, range.Length - start));
    }
}
