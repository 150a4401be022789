using System.Text;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>
/// HEADER.FIELDS and HEADER.FIELDS.NOT of a header that is too long for memory: what <see cref="HeaderFields.Choose"/> gives, made while the header is read.
/// A field's name counts up to 1,000 octets; what has no colon before that is a field without a name. Owns the header's stream.
/// </summary>
internal sealed class ChosenFields(Stream header, BodySection section) : ForwardStream
{
    private const int MaxName = 1000;

    private readonly byte[] block = new byte[8192];
    private readonly MemoryStream name = new();
    private readonly MemoryStream made = new();
    private ReadOnlyMemory<byte> ready;
    private bool isFirst = true;
    private bool startsLine = true;
    private bool inName;
    private bool chosen;
    private bool ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (ready.IsEmpty && !ended)
        {
            var read = await header.ReadAsync(block, cancellationToken).ConfigureAwait(false);
            made.SetLength(0);
            Take(block.AsSpan(0, read));
            if (read == 0 || ended)
            {
                End();
            }

            ready = made.GetBuffer().AsMemory(0, (int)made.Length);
        }

        var taken = ready[..Math.Min(ready.Length, buffer.Length)];
        taken.CopyTo(buffer);
        ready = ready[taken.Length..];
        return taken.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            header.Dispose();
            name.Dispose();
            made.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Take(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty && !ended)
        {
            if (startsLine)
            {
                BeginLine(octets[0]);
            }
            else if (inName)
            {
                TakeName(ref octets);
            }
            else
            {
                var line = octets[..(octets.IndexOf((byte)'\n') is >= 0 and var lf ? lf + 1 : octets.Length)];
                startsLine = line[^1] == '\n';
                if (chosen)
                {
                    made.Write(line);
                }

                octets = octets[line.Length..];
            }
        }
    }

    private void BeginLine(byte octet)
    {
        startsLine = false;
        ended = octet is (byte)'\r' or (byte)'\n';

        // White space continues the field above, chosen or not.
        inName = isFirst || octet is not ((byte)' ' or (byte)'\t');
        isFirst = false;
    }

    private void TakeName(ref ReadOnlySpan<byte> octets)
    {
        var end = octets.IndexOfAny((byte)':', (byte)'\n');
        var piece = octets[..Math.Min(end < 0 ? octets.Length : end, MaxName - (int)name.Length)];
        name.Write(piece);
        octets = octets[piece.Length..];
        if (end >= 0 || name.Length == MaxName)
        {
            Decide(hasName: !octets.IsEmpty && octets[0] == ':');
        }
    }

    private void Decide(bool hasName)
    {
        inName = false;
        var text = hasName ? Encoding.Latin1.GetString(name.GetBuffer(), 0, (int)name.Length).TrimEnd(' ', '\t') : "";
        chosen = section.Chooses(text);
        if (chosen)
        {
            name.WriteTo(made);
        }

        name.SetLength(0);
    }

    // The empty line is given whether the header has one or not.
    private void End()
    {
        if (inName && name.Length > 0)
        {
            Decide(hasName: false);
        }

        ended = true;
        made.Write("\r\n"u8);
    }
}
