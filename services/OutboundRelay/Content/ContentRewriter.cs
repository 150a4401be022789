using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>The second walk: writes the message as <see cref="ContentSurvey"/> has found that it must leave.</summary>
internal sealed class ContentRewriter : MimeWalk
{
    private readonly BodyType allowed;
    private readonly ContentSurvey survey;
    private readonly OctetSink sink;
    private readonly QuotedPrintableWriter quotedPrintable;
    private readonly QuotedPrintableMender quotedPrintableMender;
    private readonly Base64Writer base64;
    private readonly Base64Mender base64Mender;
    private bool lastIsQuotedPrintable;

    public ContentRewriter(BodyType allowed, ContentSurvey survey, OctetSink sink)
    {
        (this.allowed, this.survey, this.sink) = (allowed, survey, sink);
        (quotedPrintable, quotedPrintableMender) = (new(sink), new(sink));
        (base64, base64Mender) = (new(sink), new(sink));
    }

    protected override void PartBegins(MimePart part) => part.Plan = survey.Plan[part.Ordinal];

    protected override void Field(MimePart part, ReadOnlySpan<byte> octets)
    {
        if (part.Plan.Encoding is null || !Ascii.EqualsIgnoreCase(HeaderField.Name(octets), HeaderField.TransferEncoding))
        {
            HeaderRewriter.Write(octets, allowed, sink);
        }
        else if (!part.EncodingWritten)
        {
            WriteEncoding(part);
        }
    }

    protected override void FieldPiece(MimePart part, ReadOnlySpan<byte> octets) => HeaderRewriter.WritePiece(octets, sink);

    protected override void HeaderEnds(MimePart part, bool hasEmptyLine)
    {
        if (part.Plan.Charset != PlainCharset.Unsaid)
        {
            WriteLine($"Content-Type: text/plain; charset={(part.Plan.Charset == PlainCharset.Utf8 ? "utf-8" : "unknown-8bit")}");
        }

        if (part.Plan.Encoding is not null && !part.EncodingWritten)
        {
            WriteEncoding(part);
        }

        // RFC 2045 §4: without it the other fields need not be read.
        if (part.Plan.Encodes && part.IsMessage && !part.HasMimeVersion)
        {
            WriteLine("MIME-Version: 1.0");
        }

        if (hasEmptyLine)
        {
            sink.EndLine();
        }
    }

    protected override void Content(MimePart part, ReadOnlySpan<byte> text)
    {
        lastIsQuotedPrintable = part.Plan.Change == PartChange.QuotedPrintable;
        switch (part.Plan.Change)
        {
            case PartChange.QuotedPrintable:
                quotedPrintable.Write(text);
                break;
            case PartChange.Base64Lines or PartChange.Base64Octets:
                base64.Write(text);
                break;
            case PartChange.MendQuotedPrintable:
                quotedPrintableMender.Write(text);
                break;
            case PartChange.MendBase64:
                base64Mender.Write(text);
                break;
            default:
                WritePlain(part, text);
                break;
        }
    }

    protected override void ContentLineEnds(MimePart part, LineEnd end)
    {
        switch (part.Plan.Change)
        {
            case PartChange.QuotedPrintable:
                quotedPrintable.EndLine();
                break;
            case PartChange.Base64Lines:
                base64.Write("\r\n"u8);
                break;
            case PartChange.Base64Octets:
                base64.Write(OctetsOf(end));
                break;
            case PartChange.MendQuotedPrintable:
                quotedPrintableMender.EndLine();
                break;
            case PartChange.MendBase64:
                break;
            case PartChange.KeepBinary when end != LineEnd.CrLf:
                sink.Write(OctetsOf(end));
                break;
            default:
                sink.EndLine();
                break;
        }
    }

    protected override void PartEnds(MimePart part)
    {
        switch (part.Plan.Change)
        {
            case PartChange.QuotedPrintable:
                quotedPrintable.End();
                break;
            case PartChange.MendQuotedPrintable:
                quotedPrintableMender.End();
                break;
            case PartChange.Base64Lines or PartChange.Base64Octets:
                base64.End();
                break;
        }
    }

    protected override void Delimiter(MimePart multipart, ReadOnlySpan<byte> line, bool hasOwnLineEnd)
    {
        lastIsQuotedPrintable = false;

        // A header that ends without an empty line may have got a field.
        if (hasOwnLineEnd || sink.Column > 0)
        {
            sink.EndLine();
        }

        sink.Write(line.Length > PartFacts.MaxLine ? line.TrimEnd(" \t"u8) : line);
        if (!EndsWithinLine)
        {
            sink.EndLine();
        }
    }

    protected override void MessageEnds()
    {
        // DATA can end only after a line (RFC 5321 §4.1.1.4), and quoted-printable can say that the text has not.
        if (sink.Column > 0 && survey.Form != BodyType.BinaryMime)
        {
            sink.Write(lastIsQuotedPrintable ? "="u8 : []);
            sink.EndLine();
        }
    }

    private void WritePlain(MimePart part, ReadOnlySpan<byte> text)
    {
        if (part.IsLeaf)
        {
            sink.Write(text);
            return;
        }

        // Around parts.
        foreach (var octet in text)
        {
            var escaped = octet == 0 || (octet >= 0x80 && allowed == BodyType.SevenBit);
            if (sink.Column + (escaped ? 3 : 1) > PartFacts.MaxLine)
            {
                sink.EndLine();
                sink.Write((byte)' ');
            }

            if (escaped)
            {
                sink.Write(QuotedPrintableWriter.Escape(octet));
            }
            else
            {
                sink.Write(octet);
            }
        }
    }

    private void WriteEncoding(MimePart part)
    {
        WriteLine($"Content-Transfer-Encoding: {part.Plan.Encoding}");
        part.EncodingWritten = true;
    }

    private void WriteLine(string line)
    {
        sink.Write(Encoding.ASCII.GetBytes(line));
        sink.EndLine();
    }
}
