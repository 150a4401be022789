using System.Diagnostics;
using System.Globalization;
using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.SmtpIngress.Policy;
using MailCloud.Submission;

namespace MailCloud.SmtpIngress;

/// <summary>
/// One message on its way in: its octets stream into one body for each tenant among its recipients (each tenant's mail stands under its own name), and the
/// queue entries follow when all bodies are durable. 250 is given only after both; when it cannot be known, 451.
/// </summary>
internal sealed class MessageIntake : IAsyncDisposable
{
    private readonly SmtpSession session;
    private readonly Transaction transaction;
    private readonly Part[] parts;
    private readonly HeaderSection header;
    private readonly Activity? activity;
    private readonly long started;

    /// <summary>When its bodies were durable, just before it was put into the queue: whatever becomes of it is later, however late the queue's answer.</summary>
    private DateTimeOffset durableAt;

    private MessageIntake(SmtpSession session, Transaction transaction)
    {
        (this.session, this.transaction) = (session, transaction);
        activity = SmtpTelemetry.Source.StartActivity("smtp.accept", ActivityKind.Server)?.SetTag("mailcloud.listener", session.ListenerName);
        started = session.Services.Time.GetTimestamp();
        AcceptedAt = session.Services.Time.GetUtcNow();
        parts =
        [
            .. transaction.Recipients.GroupBy(r => r.Tenant, r => r.Recipient)
                .Select(g => new Part(DeliveryId.New(AcceptedAt), g.Key, [.. g], session.Services.Blobs)),
        ];
        header = session.Account is { } account
            ? new(account.Address, $"<{parts[0].Id}@{session.Options.HostName}>", AcceptedAt)
            : new HeaderSection();
    }

    public DateTimeOffset AcceptedAt { get; }

    /// <summary>Octets that the client has sent.</summary>
    public long Received { get; private set; }

    /// <summary>What is wrong with the message; the first refusal stays. Its further octets are read and dropped.</summary>
    public SmtpReply? Refusal { get; set; }

    public static MessageIntake Start(SmtpSession session, Transaction transaction) => new(session, transaction);

    /// <summary>Takes the next octets, dots taken out.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        Received += octets.Length;
        if (Received > session.Options.MaxMessageSize)
        {
            Refusal ??= SmtpReply.TooLarge;
        }

        if (Refusal is not null)
        {
            return;
        }

        var kept = header.IsOver ? octets : header.Take(octets);
        if (kept.IsEmpty)
        {
            return;
        }

        await UploadAsync(kept, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the message durable and says what became of it.</summary>
    public async ValueTask<SmtpReply> FinishAsync(CancellationToken cancellationToken)
    {
        // The command that begins it may be another than that which ends it (BDAT).
        Activity.Current = activity ?? Activity.Current;
        using var scope = DeliveryScope.Begin(session.Services.Log, parts[0].Id, parts[0].Tenant);
        var tail = Refusal is null ? header.Finish() : default;
        if (!tail.IsEmpty)
        {
            await UploadAsync(tail, cancellationToken).ConfigureAwait(false);
        }

        // RFC 5321 §6.3.
        if (header.ReceivedFields > session.Options.MaxReceived)
        {
            Refusal ??= new(554, "5.4.6", "message is going round in circles");
        }

        if (Refusal is null && session.Account is { } account)
        {
            Refusal = await SenderCheck.OfHeaderAsync(session, account, transaction.Sender, header, cancellationToken).ConfigureAwait(false);
        }

        // Last, as what is refused after it would be counted.
        if (Refusal is null && session.Account is { } holder && transaction.Wishes.HoldUntil is { } until)
        {
            Refusal = await SenderCheck.HoldAsync(session, holder, until, cancellationToken).ConfigureAwait(false);
        }

        return Refusal is null ? Ended(await CommitAsync().ConfigureAwait(false)) : Refuse();
    }

    /// <summary>The refusal, which ends the message.</summary>
    public SmtpReply Refuse() => Ended(Refusal!);

    public async ValueTask DisposeAsync()
    {
        foreach (var part in parts)
        {
            await part.Upload.DisposeAsync().ConfigureAwait(false);
        }

        activity?.Dispose();
    }

    private SmtpReply Ended(SmtpReply reply)
    {
        var messageId = header.MessageId;
        SmtpTrace.Refused(session, transaction, parts[0].Id);
        foreach (var part in reply.IsRefusal ? parts[..1] : parts)
        {
            var recipients = reply.IsRefusal ? transaction.Recipients.Select(r => r.Recipient) : part.Recipients;
            var at = reply.IsRefusal ? session.Services.Time.GetUtcNow() : durableAt;
            SmtpTrace.Ended(session, transaction, at, part.Id, part.Tenant, recipients, Received, messageId, reply);
        }

        return reply;
    }

    private async ValueTask UploadAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var part in parts)
            {
                await part.Upload.WriteAsync(octets, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Refusal ??= Doubt(e);
        }
    }

    private async ValueTask<SmtpReply> CommitAsync()
    {
        // Whatever is said below: it may go out.
        transaction.Caps.IsSent = true;
        try
        {
            // Step 2, then step 3: no queue entry points to a body that is not durable. A client that leaves meanwhile stops neither.
            await DurableAsync(Task.WhenAll(parts.Select(p => p.Upload.CommitAsync(CancellationToken.None)))).ConfigureAwait(false);
            durableAt = session.Services.Time.GetUtcNow();
            await DurableAsync(Task.WhenAll(parts.Select(p => session.Services.Queue.PublishAsync(Entry(p), CancellationToken.None)))).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return Doubt(e);
        }

        activity?.SetTag("mailcloud.delivery", parts[0].Id.ToString()).SetTag("mailcloud.size", Received).SetTag("mailcloud.recipients", transaction.Recipients.Count);

        // Step 4.
        foreach (var part in parts)
        {
            session.Services.Log.Accepted(part.Id, part.Tenant, part.Upload.Length, part.Recipients.Count, transaction.Sender?.ToString() ?? "<>", transaction.Wishes.Priority, session.Id);
            SmtpTelemetry.Accepted.Add(1, new("listener", session.ListenerName), new("tenant", part.Tenant.Value));
        }

        SmtpTelemetry.Octets.Add(Received, new KeyValuePair<string, object?>("listener", session.ListenerName));
        SmtpTelemetry.Duration.Record(session.Services.Time.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("listener", session.ListenerName));

        // One of the ids: their number would tell which domains are of one tenant. The others are found by Message-ID.
        return new(250, "2.0.0", $"queued as {parts[0].Id}");
    }

    private Task DurableAsync(Task work) => work.WaitAsync(session.Options.CommitTimeout, session.Services.Time);

    /// <summary>After a failure the body may be stored and the entry queued: the client is told to come again, and the sweep takes what nothing refers to.</summary>
    private SmtpReply Doubt(Exception error)
    {
        activity?.SetStatus(ActivityStatusCode.Error);
        if (error is StorageFullException or QueueFullException)
        {
            session.Services.Log.NoRoom(parts[0].Id, error);
            return SmtpReply.Full;
        }

        session.Services.Log.InDoubt(parts[0].Id, error);
        return SmtpReply.TryLater;
    }

    private QueuedMessage Entry(Part part) => new()
    {
        Id = part.Id,
        Tenant = part.Tenant,
        Body = new(part.Name, part.Upload.Length),
        Envelope = transaction.EnvelopeFor(part.Recipients, reachesTerminals: part.Tenant == session.Account?.Tenant, header.AsksForNoTls),
        Trace = Trace(part),
        Submitter = session.Account?.Account,
        SubmitterAddress = session.Account?.Address,
        TraceParent = activity?.Id,
    };

    /// <summary>RFC 5321 §4.4. The recipient is named only where it is the only one: others must not learn of it.</summary>
    private string Trace(Part part)
    {
        var address = session.Remote.IsIPv4MappedToIPv6 ? session.Remote.MapToIPv4() : session.Remote;
        var literal = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"IPv6:{address}" : address.ToString();
        var only = transaction.Recipients.Count == 1 ? $"\r\n\tfor <{part.Recipients[0].Address}>" : "";
        var tls = session.Tls is { } agreed ? $" ({agreed.Protocol} {agreed.CipherSuite})" : "";

        // RFC 6710 §4.1 and §7.
        var priority = transaction.Wishes.Priority == 0 ? "" : $"\r\n\tPRIORITY {transaction.Wishes.Priority}";
        var date = AcceptedAt.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);
        return $"Received: from {session.ClientName} ([{literal}])\r\n\tby {session.Options.HostName} with {Protocol()} id {part.Id}{tls}{only}{priority};\r\n\t{date}\r\n";
    }

    /// <summary>RFC 3848 and RFC 6531 §4.3.</summary>
    private string Protocol()
    {
        if (!session.IsExtended)
        {
            return "SMTP";
        }

        return (transaction.SmtpUtf8 ? "UTF8SMTP" : "ESMTP") + (session.Tls is null ? "" : "S") + (session.Account is null ? "" : "A");
    }

    private sealed class Part(DeliveryId id, TenantId tenant, IReadOnlyList<EnvelopeRecipient> recipients, IMessageBlobs blobs)
    {
        public DeliveryId Id => id;

        public TenantId Tenant => tenant;

        public IReadOnlyList<EnvelopeRecipient> Recipients => recipients;

        public string Name { get; } = BodyRef.NameFor(tenant, id);

        public BlobUpload Upload { get; } = blobs.Create(BodyRef.NameFor(tenant, id), BodyOwner.Of(id, recipients));
    }
}
