using System.Text;
using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Queue;
using MimeKit;

namespace MailCloud.LocalDelivery.Reports;

/// <summary>
/// Sends reports: a report is a new message with the null reverse-path at the head of the queue (RFC 5321 §4.5.5, RFC 3464 §2). Sending one again gives the same message.
/// </summary>
internal sealed class ReportSender(
    IMessageBlobs blobs, IMailQueue queue, SenderMailbox senders, DeliveryOptions options, DeliveryTelemetry telemetry, ILogger<ReportSender> logger)
{
    /// <summary>Octets of the original read for its header; what is longer is cut, which a returned header may be.</summary>
    private const int MaxHeader = 64 * 1024;

    /// <summary>Returns when the report is durably queued, or when nobody wants it.</summary>
    public async Task SendAsync(DsnReport report, CancellationToken cancellationToken)
    {
        if (!report.IsWanted)
        {
            return;
        }

        var original = report.Original;
        var action = report.Action.ToString();
        if (await senders.FindAsync(original.Envelope.Sender!.Value, original.Tenant) is not { } to)
        {
            DeliveryLog.SenderUnknown(logger, original.Id, original.Tenant, action);
            return;
        }

        var length = await WriteAsync(report, to.Tenant, to.Recipient, cancellationToken);
        await queue.PublishAsync(
            new()
            {
                Id = report.Id,
                Tenant = to.Tenant,
                Body = new(BodyRef.NameFor(to.Tenant, report.Id), length),
                Envelope = new()
                {
                    Recipients = [to.Recipient],
                    Body = original.Envelope.Body == BodyType.SevenBit && !report.IsInternational ? BodyType.SevenBit : BodyType.EightBitMime,
                    SmtpUtf8 = report.IsInternational,
                },
                Trace = "",
                TraceParent = original.TraceParent,
            },
            cancellationToken);
        telemetry.Reported(original, action);
        DeliveryLog.Reported(logger, original.Id, original.Tenant, report.Id, action);
    }

    private async Task<long> WriteAsync(DsnReport report, TenantId tenant, EnvelopeRecipient to, CancellationToken cancellationToken)
    {
        var body = report.Original.Body;
        var header = HeaderOf(await blobs.ReadAsync(body.Name, 0, (int)Math.Min(MaxHeader, body.Length), cancellationToken));

        // RFC 3461 §4.3: RET is about failures; other reports carry the header only.
        var whole = report.Action == DsnAction.Failed && report.Original.Envelope.Return == DsnReturn.Full && body.Length <= options.ReturnFullLimit
            && report.Original.Envelope.Body != BodyType.BinaryMime;
        var text = new DsnText(report, options.HostName);
        await using var upload = blobs.Create(BodyRef.NameFor(tenant, report.Id), BodyOwner.Of(report.Id, [to]));
        await upload.WriteAsync(Encoding.UTF8.GetBytes(text.Opening(MessageIdOf(header), whole)), cancellationToken);
        if (whole)
        {
            await CopyAsync(body, upload, cancellationToken);
        }
        else
        {
            await upload.WriteAsync(header, cancellationToken);
        }

        await upload.WriteAsync(Encoding.UTF8.GetBytes(text.Closing), cancellationToken);
        await upload.CommitAsync(cancellationToken);
        return upload.Length;
    }

    private async Task CopyAsync(BodyRef body, BlobUpload upload, CancellationToken cancellationToken)
    {
        await using var stream = await blobs.OpenReadAsync(body.Name, 0, null, cancellationToken);
        var piece = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(piece, cancellationToken)) > 0;)
        {
            await upload.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }
    }

    private static ReadOnlyMemory<byte> HeaderOf(ReadOnlyMemory<byte> start)
    {
        var end = start.Span.IndexOf("\r\n\r\n"u8);
        return end < 0 ? start : start[..(end + 2)];
    }

    private static string? MessageIdOf(ReadOnlyMemory<byte> header)
    {
        using var stream = new MemoryStream(header.ToArray());
        try
        {
            var id = new MimeParser(stream).ParseHeaders()[HeaderId.MessageId]?.Trim();
            return id is ['<', .., '>'] && Ascii.IsValid(id) && !id.Any(char.IsWhiteSpace) ? id : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
