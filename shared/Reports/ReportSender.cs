using System.Diagnostics;
using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Tracing;
using Microsoft.Extensions.Logging;
using MimeKit;

namespace MailCloud.Reports;

/// <summary>
/// Sends reports: a report is a new message with the null reverse-path at the head of the queue (RFC 5321 §4.5.5, RFC 3464 §2). Sending one again gives the same message.
/// </summary>
public sealed class ReportSender(
    IMessageBlobs blobs, IMailQueue queue, AddressLookup addresses, ReportOptions options, ReportTelemetry telemetry, MessageTracer tracer, TimeProvider time, ILogger<ReportSender> logger)
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
        if (await addresses.FindSenderAsync(original.Envelope.Sender!.Value, original.Tenant) is not { } to)
        {
            ReportLog.SenderUnknown(logger, original.Id, original.Tenant, action);
            return;
        }

        var at = time.GetUtcNow();
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

                    // RFC 6710 §4.6; RFC 8689 §5 and §6.
                    Priority = original.Envelope.Priority,
                    Tls = original.Envelope.Tls,
                },
                Trace = "",
                TraceParent = Activity.Current?.Id ?? original.TraceParent,
                ReportedAt = at,
            },
            cancellationToken);
        Trace(report, to.Tenant, to.Recipient, length, at);
        telemetry.Reported(original, action);
        ReportLog.Reported(logger, original.Id, original.Tenant, report.Id, action);
    }

    // At the time before it was queued: it may be filed before this is recorded.
    private void Trace(DsnReport report, TenantId tenant, EnvelopeRecipient to, long length, DateTimeOffset at)
    {
        tracer.Add(
        [
            new() { Delivery = report.Original.Id, At = at, Kind = TraceKind.Reported, Recipients = [report.Recipient.Address.ToString()], Reply = $"{report.Action} {report.Status}".ToLowerInvariant(), Other = report.Id },
        ]);
        tracer.Began(MessageIds.Normalize($"{report.Id}@{options.HostName}"), new()
        {
            Delivery = report.Id,
            At = at,
            Kind = TraceKind.Accepted,
            Recipients = [to.Address.ToString()],
            Reply = $"report about {report.Original.Id}",
            Session = new(tenant.Value, "", "", "", null, null, "", length),
        });
    }

    private async Task<long> WriteAsync(DsnReport report, TenantId tenant, EnvelopeRecipient to, CancellationToken cancellationToken)
    {
        var body = report.Original.Body;
        var header = HeaderOf(await blobs.ReadAsync(body.Name, 0, (int)Math.Min(MaxHeader, body.Length), cancellationToken));

        // RFC 3461 §4.3: RET is about failures; other reports carry the header only. RFC 8689 §5: what requires TLS is never returned whole.
        var whole = report.Action == DsnAction.Failed && report.Original.Envelope is { Return: DsnReturn.Full, Tls: not TlsDemand.Required } && body.Length <= options.ReturnFullLimit
            && report.Original.Envelope.Body != BodyType.BinaryMime;
        var text = new DsnText(report, options.HostName);
        await using var upload = blobs.Create(BodyRef.NameFor(tenant, report.Id), BodyOwner.Of(report.Id, [to]));
        await upload.WriteAsync(Encoding.UTF8.GetBytes(text.Opening(MessageIdOf(header), whole)), cancellationToken);
        if (whole)
        {
            await using var stored = await blobs.OpenReadAsync(body.Name, 0, null, cancellationToken);
            await upload.WriteAsync(stored, cancellationToken);
        }
        else
        {
            await upload.WriteAsync(header, cancellationToken);
        }

        await upload.WriteAsync(Encoding.UTF8.GetBytes(text.Closing), cancellationToken);
        await upload.CommitAsync(cancellationToken);
        return upload.Length;
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
