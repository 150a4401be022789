using System.Buffers;
using System.Buffers.Text;
using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Wire;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// Writes responses (RFC 3501 §7). The session owns it and lends it to the verb that is running. Text is written one octet per char (Latin-1),
/// so that octets of messages come out as they went in.
/// </summary>
internal sealed class ImapWriter(ReplyWriter output)
{
    /// <summary>Where whole octets go; what is written there counts for the flush too.</summary>
    public ReplyWriter Output => output;

    public void Raw(ReadOnlySpan<byte> octets) => output.Write(octets);

    public void Text(string latin1)
    {
        var span = output.GetSpan(Math.Max(1, latin1.Length));
        output.Advance(Encoding.Latin1.GetBytes(latin1, span));
    }

    public void Number(long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var length);
        output.Advance(length);
    }

    public void Line(string latin1)
    {
        Text(latin1);
        EndLine();
    }

    public void EndLine() => Raw("\r\n"u8);

    /// <summary>nstring: NIL for null.</summary>
    public void NString(string? latin1)
    {
        if (latin1 is null)
        {
            Raw("NIL"u8);
        }
        else
        {
            String(latin1);
        }
    }

    /// <summary>A string, quoted where its grammar allows, else as a literal (RFC 3501 §4.3).</summary>
    public void String(string latin1)
    {
        if (!IsQuotable(latin1))
        {
            LiteralHead(latin1.Length);
            Text(latin1);
            return;
        }

        Raw("\""u8);
        Text(latin1.AsSpan().ContainsAny('"', '\\')
            ? latin1.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            : latin1);
        Raw("\""u8);
    }

    /// <summary>A literal's length; its octets follow.</summary>
    public void LiteralHead(long length)
    {
        Raw("{"u8);
        Number(length);
        Raw("}\r\n"u8);
    }

    /// <summary>A mailbox name, as modified UTF-7.</summary>
    public void Mailbox(string name) => String(ModifiedUtf7.Encode(name));

    /// <summary>A list of flags in parentheses.</summary>
    public void Flags(MessageFlags flags, bool recent, IReadOnlyList<string> keywords)
    {
        var separator = "("u8;
        foreach (var (flag, name) in FlagNames.System)
        {
            if ((flags & flag) != 0)
            {
                Raw(separator);
                Text(name);
                separator = " "u8;
            }
        }

        if (recent)
        {
            Raw(separator);
            Raw("\\Recent"u8);
            separator = " "u8;
        }

        for (var i = 0; i < keywords.Count; i++)
        {
            if ((flags & KeywordBits.Of(i)) != 0)
            {
                Raw(separator);
                Text(keywords[i]);
                separator = " "u8;
            }
        }

        if (separator[0] == '(')
        {
            Raw(separator);
        }

        Raw(")"u8);
    }

    /// <summary>Waits for the client to take what was written, if that is much by now.</summary>
    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) => output.FlushIfFullAsync(cancellationToken);

    public ValueTask FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    private static bool IsQuotable(string latin1)
    {
        foreach (var c in latin1)
        {
            // quoted = TEXT-CHAR: any 7-bit octet but NUL, CR and LF.
            if (c is '\0' or '\r' or '\n' or > '~')
            {
                return false;
            }
        }

        return true;
    }
}
