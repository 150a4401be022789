using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.LocalDelivery.Vacation;

/// <summary>
/// One answer (RFC 3834 §3.1). Its octets are a pure function of what it is made of, with no clock and no randomness: made again, it is the same.
/// </summary>
/// <param name="Id">Follows from the message's, whose time of acceptance it has.</param>
/// <param name="From">The account's own address.</param>
/// <param name="To">The return path of the message.</param>
/// <param name="Response">What the owner of the account has said.</param>
/// <param name="Received">Of the message.</param>
/// <param name="HostName">Of its Message-ID.</param>
internal sealed record VacationAnswer(DeliveryId Id, EmailAddress From, EmailAddress To, VacationResponse Response, ReceivedHeader Received, string HostName)
{
    /// <summary>RFC 8621 §8: what is said where nothing is given.</summary>
    private const string DefaultText = "I am away and will read your message when I am back.";

    private const string DefaultSubject = "Auto: your message";

    /// <summary>Its header has addresses that are not ASCII (RFC 6532).</summary>
    public bool IsInternational => From.IsInternational || To.IsInternational;

    public string MessageId => $"{Id}@{HostName}";

    // RFC 3834 §3.1.5.
    private string Subject => !string.IsNullOrWhiteSpace(Response.Subject) ? Response.Subject : Received.Subject.Length > 0 ? $"Auto: {Received.Subject}" : DefaultSubject;

    public byte[] ToOctets()
    {
        using var message = new MimeMessage();
        message.From.Add(new MailboxAddress(null, From.ToString()));
        message.To.Add(new MailboxAddress(null, To.ToString()));
        message.Date = Id.AcceptedAt;
        message.MessageId = MessageId;
        message.Subject = Subject;
        message.Headers.Add("Auto-Submitted", "auto-replied"); // RFC 3834 §5
        if (Received.MessageId is { } repliedTo)
        {
            message.Headers.Add(HeaderId.InReplyTo, repliedTo);
        }

        if (Received.References.Count > 0)
        {
            message.Headers.Add(HeaderId.References, string.Join(' ', Received.References));
        }

        message.Body = Body();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.International = IsInternational;
        using var octets = new MemoryStream();
        message.WriteTo(format, octets);
        return octets.ToArray();
    }

    private MimeEntity Body()
    {
        var html = string.IsNullOrWhiteSpace(Response.HtmlBody) ? null : Response.HtmlBody;
        var given = string.IsNullOrWhiteSpace(Response.TextBody) ? null : Response.TextBody;
        var text = Part("plain", given ?? (html is not null && HtmlAsText.Convert(html) is { Length: > 0 } made ? made : DefaultText));
        if (html is null)
        {
            return text;
        }

        // In quoted-printable "=_" stands nowhere.
        var both = new MultipartAlternative { Boundary = $"=_{Id}" };
        both.Add(text);
        both.Add(Part("html", html));
        return both;

        static TextPart Part(string subtype, string content)
        {
            var part = new TextPart(subtype);
            part.SetText(Encoding.UTF8, content.ReplaceLineEndings("\r\n"));
            part.ContentTransferEncoding = ContentEncoding.QuotedPrintable;
            return part;
        }
    }
}
