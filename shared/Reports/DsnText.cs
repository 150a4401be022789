using System.Globalization;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.Reports;

/// <summary>
/// The octets of a report (RFC 6522, RFC 3464, RFC 6533). It is a pure function of the report and the original's header, with no clock and no randomness: made again, it is the same.
/// </summary>
internal sealed class DsnText(DsnReport report, string hostName)
{
    private readonly string boundary = $"=_{report.Id}";

    /// <summary>Everything up to the returned part's content.</summary>
    /// <param name="messageId">The original's Message-ID with its brackets; null when it has none.</param>
    /// <param name="returnsWhole">True when the whole message follows, false when its header does.</param>
    public string Opening(string? messageId, bool returnsWhole)
    {
        var text = new StringBuilder();
        var sender = report.Original.Envelope.Sender;
        var charset = report.IsInternational ? "utf-8" : "us-ascii";
        var encoding = report.IsInternational ? "8bit" : "7bit";
        Line($"Date: {Date(report.Original.Id.AcceptedAt)}");
        Line($"From: Mail Delivery System <MAILER-DAEMON@{hostName}>");
        Line($"To: <{sender}>");
        Line($"Message-ID: <{report.Id}@{hostName}>");
        Line($"Subject: {Subject}");
        Line("Auto-Submitted: auto-replied"); // RFC 3834 §5
        if (messageId is not null)
        {
            Line($"In-Reply-To: {messageId}");
            Line($"References: {messageId}");
        }

        Line("MIME-Version: 1.0");
        Line($"Content-Type: multipart/report; report-type={(report.IsInternational ? "global-delivery-status" : "delivery-status")};");
        Line($"\tboundary=\"{boundary}\"");
        Line("");
        Part($"text/plain; charset={charset}", encoding);
        Line(Explanation.ReplaceLineEndings("\r\n"));
        Part(report.IsInternational ? "message/global-delivery-status" : "message/delivery-status", encoding);
        StatusFields(Line);
        Part(ReturnedType(returnsWhole), returnsWhole && report.Original.Envelope.Body != BodyType.SevenBit ? "8bit" : encoding);
        return text.ToString();

        void Line(string line) => text.Append(line).Append("\r\n");

        void Part(string type, string transferEncoding)
        {
            Line($"--{boundary}");
            Line($"Content-Type: {type}");
            Line($"Content-Transfer-Encoding: {transferEncoding}");
            Line("");
        }
    }

    /// <summary>What follows the returned part's content.</summary>
    public string Closing => $"\r\n--{boundary}--\r\n";

    private string Subject => report.Action switch
    {
        DsnAction.Failed => "Your message could not be delivered",
        DsnAction.Delayed => "Your message is delayed",
        DsnAction.Relayed => "Your message was handed on",
        _ => "Your message was delivered",
    };

    private string Explanation => report.Action switch
    {
        DsnAction.Failed => $"""
            Your message to <{report.Recipient.Address}> could not be delivered.

            The reason: {report.Reply}

            It will not be tried again. If the address is right, ask its owner by another way;
            if it is not, send your message again to the right one.

            """,
        DsnAction.Delayed => $"""
            Your message to <{report.Recipient.Address}> has not been delivered yet.

            The reason: {report.Reply}

            You need not do anything: it is tried again until {Date(report.RetryUntil!.Value)}.

            """,
        DsnAction.Relayed => $"""
            Your message to <{report.Recipient.Address}> was handed on to {report.RemoteMta}.

            That host sends no reports of delivery, so this is the last that you hear of it.

            """,
        _ => $"""
            Your message to <{report.Recipient.Address}> was delivered to its mailbox.

            """,
    };

    private void StatusFields(Action<string> line)
    {
        // RFC 3464 §2.2: of the message …
        if (report.Original.Envelope.EnvelopeId is { } envelopeId)
        {
            line($"Original-Envelope-Id: {envelopeId}");
        }

        line($"Reporting-MTA: dns; {hostName}");
        line($"Arrival-Date: {Date(report.Original.Id.AcceptedAt)}");
        if (report.Original.Envelope.DeliverBy is { } by)
        {
            // RFC 2852 §5.
            line($"Deliver-By-Date: {Date(by.Deadline)}");
        }

        if (report.Original.Envelope.HoldRequest is { } hold)
        {
            // RFC 4865 §5.1.2.
            line($"Future-Release-Request: {hold}");
        }

        line("");

        // … and §2.3: of the recipient.
        if (report.Recipient.OriginalRecipient is { } original)
        {
            line($"Original-Recipient: {original}");
        }

        line($"Final-Recipient: {(report.IsInternational ? "utf-8" : "rfc822")}; {report.Recipient.Address}");
        line($"Action: {report.Action.ToString().ToLowerInvariant()}");
        line($"Status: {report.Status}");
        if (report.RemoteMta is not null)
        {
            line($"Remote-MTA: dns; {report.RemoteMta}");
        }

        if (report.Reply is not null)
        {
            line($"Diagnostic-Code: smtp; {report.Reply}");
        }

        if (report.RetryUntil is { } until)
        {
            line($"Will-Retry-Until: {Date(until)}");
        }

        line("");
    }

    private string ReturnedType(bool whole) => (whole, report.IsInternational) switch
    {
        (true, false) => "message/rfc822",
        (true, true) => "message/global",
        (false, false) => "text/rfc822-headers",
        (false, true) => "message/global-headers",
    };

    // RFC 5322 §3.3.
    private static string Date(DateTimeOffset time) => time.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);
}
