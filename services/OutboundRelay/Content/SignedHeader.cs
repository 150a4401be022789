using System.Buffers;
using System.Text;

namespace MailCloud.OutboundRelay.Content;

/// <summary>The header fields of a message that DKIM signs, gathered while its octets pass, in relaxed canonical form (RFC 6376 §3.4.2).</summary>
internal sealed class SignedHeader
{
    /// <summary>Signed once more than they occur, so that nobody can add one (§8.15).</summary>
    private static readonly string[] OverSigned =
    [
        "from", "subject", "date", "to", "cc", "message-id", "reply-to", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
    ];

    /// <summary>The same where they occur: a mailing list that only adds its own breaks no signature (RFC 2369, RFC 2919, RFC 8058 §4).</summary>
    private static readonly string[] OverSignedIfThere =
        ["sender", "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive"];

    /// <summary>Octets of all of them together: two thousand recipients have a third of it.</summary>
    private const int MaxOctets = 512 * 1024;

    /// <summary>A longer line of what is no field is not looked at to its end.</summary>
    private const int MaxLine = 1024;

    private readonly List<(string Name, byte[] Octets)> fields = [];
    private readonly ArrayBufferWriter<byte> field = new(1024);
    private readonly byte[] line = new byte[MaxLine];
    private int lineLength;
    private int total;

    /// <summary>The empty line has come: what follows is the body.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>There is more of them than is kept.</summary>
    public bool IsTooLong => total > MaxOctets;

    /// <summary>The names for h= (§3.5): each as often as it occurs, the last first, and once more.</summary>
    public IReadOnlyList<string> Names =>
    [
        .. from name in OverSigned.Concat(OverSignedIfThere.Where(name => fields.Exists(found => found.Name == name)))
           from _ in Enumerable.Range(0, fields.Count(found => found.Name == name) + 1)
           select name,
    ];

    /// <summary>The values of From fields; who signs looks for the one.</summary>
    public IEnumerable<byte[]> From => fields.Where(found => found.Name == "from").Select(found => found.Octets[5..]);

    /// <summary>Takes octets of the header and returns how many; the rest is the body's.</summary>
    public int Add(ReadOnlySpan<byte> octets)
    {
        var at = 0;
        while (!HasEnded && at < octets.Length)
        {
            var end = octets[at..].IndexOf((byte)'\n');
            var piece = end < 0 ? octets[at..] : octets.Slice(at, end + 1);
            var kept = piece[..Math.Min(piece.Length, MaxLine - lineLength)];
            kept.CopyTo(line.AsSpan(lineLength));
            lineLength += kept.Length;
            at += piece.Length;
            if (end >= 0)
            {
                EndLine();
            }
        }

        return at;
    }

    /// <summary>The octets that are signed before the signature's own field (§3.7): the fields in the order of their names, the last of a name first.</summary>
    public byte[] Canonical(IReadOnlyList<string> names)
    {
        var octets = new ArrayBufferWriter<byte>();
        foreach (var group in names.Distinct())
        {
            foreach (var found in fields.Where(found => found.Name == group).Reverse())
            {
                octets.Write(found.Octets);
                octets.Write("\r\n"u8);
            }
        }

        return octets.WrittenSpan.ToArray();
    }

    /// <summary>The message has ended, perhaps in its header.</summary>
    public void End()
    {
        if (lineLength > 0)
        {
            EndLine();
        }

        EndField();
    }

    /// <summary>A field without its line end: its name in lower case, white space as single spaces, none at the ends.</summary>
    public static byte[] Relaxed(ReadOnlySpan<byte> field)
    {
        var colon = field.IndexOf((byte)':');
        var octets = new List<byte>(field.Length);
        octets.AddRange(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(field[..colon].TrimEnd(" \t"u8)).ToLowerInvariant()));
        octets.Add((byte)':');
        var start = octets.Count;
        var hasSpace = false;
        foreach (var octet in field[(colon + 1)..])
        {
            switch (octet)
            {
                case (byte)' ' or (byte)'\t':
                    hasSpace = true;
                    break;
                case (byte)'\r' or (byte)'\n':
                    break;
                default:
                    if (hasSpace && octets.Count > start)
                    {
                        octets.Add((byte)' ');
                    }

                    hasSpace = false;
                    octets.Add(octet);
                    break;
            }
        }

        return [.. octets];
    }

    private void EndLine()
    {
        var text = line.AsSpan(0, lineLength);
        lineLength = 0;
        if (text is [(byte)'\n'] or [(byte)'\r', (byte)'\n'])
        {
            EndField();
            HasEnded = true;
            return;
        }

        if (text[0] is not ((byte)' ' or (byte)'\t'))
        {
            EndField();
        }

        if (field.WrittenCount <= MaxOctets)
        {
            field.Write(text);
        }
    }

    private void EndField()
    {
        if (field.WrittenCount > 0 && !IsTooLong)
        {
            var name = Encoding.ASCII.GetString(HeaderField.Name(field.WrittenSpan)).ToLowerInvariant();
            if (OverSigned.Contains(name) || OverSignedIfThere.Contains(name))
            {
                total += field.WrittenCount;
                fields.Add((name, Relaxed(field.WrittenSpan)));
            }
        }

        field.ResetWrittenCount();
    }
}
