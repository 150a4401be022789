using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Submission;
using MailCloud.Web.Jmap.Identities;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>
/// Sends one Email (RFC 8621 §7.5), by the policy that holds for SMTP. What is sent is fixed by the account's grain first, with its delivery ids; then the bodies become durable, then the queue's entries or,
/// for mail that is held, the spool's, and only then is there a submission, and an answer. Whoever repeats a create that was never answered sends the same mail again, under the same ids: it arrives once.
/// </summary>
internal sealed class SubmissionCreation(JmapCall call, ISubmissionsGrain grain, long? ifState)
{
    private readonly JmapServices services = call.Services;
    private readonly SendingServices sending = call.Services.Sending;
    private readonly Patience patience = call.Services.Calls.NewPatience();
    private readonly TakenRecipients caps = new();

    public async Task<(MailSubmission? Submission, SetError? Error)> RunAsync(JsonObject given, CancellationToken cancellationToken)
    {
        var account = default(AddressRecord);
        try
        {
            var (error, email, identity) = await ReadAsync(given, cancellationToken).ConfigureAwait(false);
            if (error is not null)
            {
                return (null, error);
            }

            (error, account) = await CheckRightAsync(cancellationToken).ConfigureAwait(false);
            return error is null ? await SendAsync(given, email!, identity!, account!, cancellationToken).ConfigureAwait(false) : (null, error);
        }
        finally
        {
            if (account is not null)
            {
                sending.Caps.End(account, caps);
            }
        }
    }

    private async Task<(SetError? Error, EmailRecord? Email, SendingIdentity? Identity)> ReadAsync(JsonObject given, CancellationToken cancellationToken)
    {
        if (given.Where(member => member.Key is not ("identityId" or "emailId" or "envelope")).Select(member => member.Key).ToArray() is { Length: > 0 } others)
        {
            return (SetError.InvalidProperties("the server sets them, or there are none such", others), null, null);
        }

        var identityId = JmapArguments.TextOf(given["identityId"]) is { } i ? call.Request.Resolve(i) : null;
        var emailId = JmapArguments.TextOf(given["emailId"]) is { } e ? call.Request.Resolve(e) : null;
        var identities = await IdentityGet.ReadAsync(call, cancellationToken).ConfigureAwait(false);
        if (identities.Identities.FirstOrDefault(known => IdentityJson.IdOf(known.Id) == identityId) is not { } identity)
        {
            return (SetError.InvalidProperties("there is no such identity", "identityId"), null, null);
        }

        var emails = call.Emails;
        var found = emailId is not null && ObjectIds.TryParseEmail(emailId, out var id)
            ? (await services.Calls.CallAsync(() => emails.GetAsync([id], withContent: true), cancellationToken).ConfigureAwait(false)).Emails is [var only, ..] ? only : null
            : null;
        return found is null ? (SetError.InvalidProperties("there is no such Email", "emailId"), null, null) : (null, found, identity);
    }

    private async Task<(SetError? Error, AddressRecord? Account)> CheckRightAsync(CancellationToken cancellationToken)
    {
        var (state, account) = await sending.FindRightAsync(call.User, patience, cancellationToken).ConfigureAwait(false);
        return account is null || state == AccountState.Suspended ? (new("forbiddenToSend", "this account is suspended"), null)
            : state == AccountState.ReceiveOnly ? (new("forbiddenToSend", "this account receives mail and may not send any"), null)
            : sending.TryMessage(call.Account) ? (null, account)
            : (new("rateLimit", "too many messages, try again later"), null);
    }

    private async Task<(MailSubmission? Submission, SetError? Error)> SendAsync(
        JsonObject given, EmailRecord email, SendingIdentity identity, AddressRecord account, CancellationToken cancellationToken)
    {
        // What is given, and what is derived where nothing is.
        var header = email.Content!.Summary.Envelope;
        var envelope = default(SubmissionEnvelope);
        if (given["envelope"] is { } node && (node is not JsonObject json ? SetError.InvalidProperties("envelope must be an object", "envelope") : SubmissionEnvelope.Read(json, call, out envelope)) is { } malformed)
        {
            return (null, malformed);
        }

        var own = IdentityJson.EmailOf(identity, call.User);
        envelope ??= await AsAllowedAsync(SubmissionEnvelope.Derive(header, own), own, account, cancellationToken).ConfigureAwait(false);
        if (await CheckSenderAsync(envelope, account, cancellationToken).ConfigureAwait(false) is { } notAllowed)
        {
            return (null, notAllowed);
        }

        // The message.
        var id = DeliveryId.New(services.Time.GetUtcNow());
        var message = new OutgoingMessage(services.Blobs, email.Body, account, id, services.Options.HostName);
        await message.LookAsync(cancellationToken).ConfigureAwait(false);
        if (await CheckMessageAsync(message, envelope, header, account, cancellationToken).ConfigureAwait(false) is { } invalid)
        {
            return (null, invalid);
        }

        var wanted = new MailSubmission
        {
            Id = id.Value,
            Identity = identity.Id,
            Email = email.Id,
            Thread = email.Thread,
            From = envelope.From,
            To = [.. envelope.To],
            SendAt = envelope.HoldUntil ?? id.AcceptedAt,
            Undo = UndoStatus.Final,
            Messages = [],
        };

        // What is in doubt was looked up and counted when it was begun, and is sent as it was fixed then.
        if (await services.Calls.CallAsync(() => grain.FindInDoubtAsync(wanted), patience, cancellationToken).ConfigureAwait(false) is { } inDoubt)
        {
            return await PutAsync(inDoubt, envelope, message, email, account, cancellationToken).ConfigureAwait(false);
        }

        // Its recipients, who count from here on.
        var (refused, parts) = await FindRecipientsAsync(envelope, id, message.Length, account, cancellationToken).ConfigureAwait(false);
        if (refused is not null)
        {
            return (null, refused);
        }

        var canBeTakenBack = envelope.HoldUntil is not null && parts.All(part => part.Recipients.All(recipient => recipient.Groups.Count == 0));
        wanted = wanted with { Undo = canBeTakenBack ? UndoStatus.Pending : UndoStatus.Final, Messages = [.. parts] };
        return await PutAsync(wanted, envelope, message, email, account, cancellationToken).ConfigureAwait(false);
    }

    // RFC 8621 §7.5: what is derived and not allowed becomes the identity's.
    private async Task<SubmissionEnvelope> AsAllowedAsync(SubmissionEnvelope derived, string own, AddressRecord account, CancellationToken cancellationToken) =>
        EmailAddress.TryParse(derived.From.Email, out var from) && await SenderOwnership.OwnsAsync(sending.Directory, account, from, patience, cancellationToken).ConfigureAwait(false)
            ? derived
            : derived with { From = new(own, null) };

    private async Task<SetError?> CheckSenderAsync(SubmissionEnvelope envelope, AddressRecord account, CancellationToken cancellationToken)
    {
        // The null reverse-path is everybody's (RFC 5321 §4.5.5).
        if (envelope.From.Email.Length > 0 && (!EmailAddress.TryParse(envelope.From.Email, out var from)
            || !await SenderOwnership.OwnsAsync(sending.Directory, account, from, patience, cancellationToken).ConfigureAwait(false)))
        {
            return new("forbiddenMailFrom", $"you may not send as {envelope.From.Email}");
        }

        var most = services.Options.MaxRecipients;
        return envelope.To.Count == 0 ? new("noRecipients", "it goes to nobody")
            : envelope.To.Count > most ? new("tooManyRecipients") { More = new() { ["maxRecipients"] = most } }
            : Invalid(envelope.To.Where(to => !EmailAddress.TryParse(to.Email, out _)).Select(to => to.Email), "they are no addresses");
    }

    private async Task<SetError?> CheckMessageAsync(
        OutgoingMessage message, SubmissionEnvelope envelope, EnvelopeFields header, AddressRecord account, CancellationToken cancellationToken)
    {
        if (message.Length > services.Options.MaxMessageSize)
        {
            return new("tooLarge", "the message is too large") { More = new() { ["maxSize"] = services.Options.MaxMessageSize } };
        }

        if (message.IsBinary)
        {
            return new("invalidEmail", "it has NUL, or a CR or LF that ends no line") { Properties = ["bodyStructure"] };
        }

        if (!SubmissionEnvelope.AddressesOf(header.From).Any())
        {
            return new("invalidEmail", "it is from nobody") { Properties = ["from"] };
        }

        var from = EmailAddress.TryParse(envelope.From.Email, out var path) ? path : default(EmailAddress?);
        return await SenderOwnership.CheckHeaderAsync(sending.Directory, account, from, message.Header!, patience, cancellationToken).ConfigureAwait(false) is not { } refusal ? null
            : refusal == SenderOwnership.NotYours ? new("forbiddenFrom", refusal.Text)
            : new("invalidEmail", refusal.Text) { Properties = ["from"] };
    }

    private async Task<(SetError? Error, IReadOnlyList<SentMessage> Parts)> FindRecipientsAsync(
        SubmissionEnvelope envelope, DeliveryId id, long length, AddressRecord account, CancellationToken cancellationToken)
    {
        var from = EmailAddress.TryParse(envelope.From.Email, out var path) ? path : default(EmailAddress?);
        var lookup = sending.LookupFor(new(account, from, length, sending.PostmasterDomain), patience);
        var (accepted, refused) = (new List<AcceptedRecipient>(), new List<(string Email, PolicyReply Reply)>());
        foreach (var to in envelope.To)
        {
            _ = EmailAddress.TryParse(to.Email, out var address);
            var answer = await lookup.FindAsync(new() { Address = address }, cancellationToken).ConfigureAwait(false);
            if (answer.Accepted is not { } recipient)
            {
                refused.Add((to.Email, answer.Reply));
            }
            else if (await sending.Caps.CheckAsync(account, caps, recipient, services.Options.MaxRecipients, patience, cancellationToken).ConfigureAwait(false) is { } capped)
            {
                return (new("rateLimit", capped.Text), []);
            }
            else
            {
                accepted.Add(recipient);
            }
        }

        // Each tenant's mail stands under its own name.
        return refused.Count > 0
            ? (Invalid(refused.Select(each => each.Email), string.Join("; ", refused.Take(10).Select(each => $"{each.Email}: {each.Reply.Text}"))), [])
            : (null, [.. accepted.GroupBy(each => each.Tenant, each => each.Recipient).Select(part => PartOf(id, part.Key, [.. part]))]);
    }

    private SentMessage PartOf(DeliveryId id, TenantId tenant, IReadOnlyList<EnvelopeRecipient> recipients) =>
        new() { Delivery = tenant == call.User.Tenant ? id : id.Derive($"tenant {tenant}"), Tenant = tenant, Recipients = recipients };

    private static SetError? Invalid(IEnumerable<string> emails, string why)
    {
        var invalid = JmapText.Array(emails);
        return invalid.Count == 0 ? null : new("invalidRecipients", why) { More = new() { ["invalidRecipients"] = invalid } };
    }

    private async Task<(MailSubmission? Submission, SetError? Error)> PutAsync(
        MailSubmission wanted, SubmissionEnvelope envelope, OutgoingMessage message, EmailRecord email, AddressRecord account, CancellationToken cancellationToken)
    {
        // Whatever is heard of it: it may be begun, and may go out.
        caps.IsSent = true;
        var begun = await services.Calls.CallAsync(() => grain.BeginHeldAsync(wanted, ifState, sending.Caps.MostHeld), patience, cancellationToken).ConfigureAwait(false);

        // That of an earlier attempt was counted by it.
        caps.IsSent = begun.Outcome == SentOutcome.Done && !begun.IsRepeat;
        if (begun.FreeAt is { } freeAt)
        {
            return (null, new("overQuota", sending.Caps.TooManyHeld(freeAt).Text));
        }

        if (SentRecords.ErrorOf(begun.Outcome) is { } error)
        {
            return (null, error);
        }

        var submission = begun.Submission!;
        if (begun.IsFinished)
        {
            // An attempt of which no answer was heard came to its end meanwhile. It may be taken back already, and what it sent is not fixed any more.
            return (submission, null);
        }

        var id = new DeliveryId(submission.Id);
        if (id != message.Id)
        {
            message = new(services.Blobs, email.Body, account, id, services.Options.HostName);
            await message.LookAsync(cancellationToken).ConfigureAwait(false);
        }

        var entries = submission.Messages.Select(part => EntryOf(submission, part, envelope, message, account)).ToArray();
        try
        {
            // Nobody who leaves stops it halfway.
            await Task.WhenAll(entries.Select(entry => message.StoreAsync(entry.Body.Name, BodyOwner.Of(entry.Id, entry.Envelope.Recipients), CancellationToken.None))).ConfigureAwait(false);
            await Task.WhenAll(entries.Select(entry => submission.Undo == UndoStatus.Pending ? HoldAsync(entry) : services.Queue.PublishAsync(entry, CancellationToken.None))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StorageFullException or QueueFullException)
        {
            // What is there of it goes with the next attempt, or to the sweep.
            return (null, new("overQuota", "there is no room at present, try again later"));
        }

        Trace(submission, entries, message);
        try
        {
            await services.Calls.CallAsync(() => grain.FinishAsync(submission.Id), CancellationToken.None).ConfigureAwait(false);
        }
        catch (GrainUnavailableException e)
        {
            // It has left, and who is told otherwise sends it again. It is no submission until whoever asks for the same again within the hour finishes it.
            services.Loggers.CreateLogger("MailCloud.Web.Jmap").MethodFailed(call.Method, call.Account.Value, e);
        }

        return (submission, null);
    }

    private QueuedMessage EntryOf(MailSubmission submission, SentMessage part, SubmissionEnvelope envelope, OutgoingMessage message, AddressRecord account)
    {
        var from = EmailAddress.TryParse(envelope.From.Email, out var path) ? path : default(EmailAddress?);
        return new()
        {
            Id = part.Delivery,
            Tenant = part.Tenant,
            Body = new(BodyRef.NameFor(part.Tenant, part.Delivery), message.Length),
            Envelope = new()
            {
                Sender = from,
                Recipients = part.Recipients,
                Body = message.IsEightBit ? BodyType.EightBitMime : BodyType.SevenBit,
                SmtpUtf8 = message.HasInternationalHeader || from is { IsInternational: true } || part.Recipients.Any(recipient => recipient.Address.IsInternational),
                HoldUntil = submission.IsHeld ? submission.SendAt : null,
                HoldRequest = submission.IsHeld ? envelope.HoldRequest : null,
                Tls = message.Header!.AsksForNoTls ? TlsDemand.NotRequired : TlsDemand.Unspecified,
            },
            Trace = TraceOf(part.Delivery),
            Submitter = account.Account,
            SubmitterAddress = account.Address,
            TraceParent = Activity.Current?.Id,
        };
    }

    // RFC 5321 §4.4. Where the account was when it asked is nobody's business.
    private string TraceOf(DeliveryId id) =>
        $"Received: by {services.Options.HostName} with HTTP id {id};\r\n\t{id.AcceptedAt.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}\r\n";

    /// <summary>Straight into the spool, where it can be taken back from the moment of the answer on. An entry that is or was there is not taken twice.</summary>
    private async Task HoldAsync(QueuedMessage message)
    {
        var entries = HeldPlace.Of(message.Id, message.Envelope.Recipients).Select(held => (held.Place.Shard, Entry: new SpoolEntry
        {
            Message = message with { Envelope = message.Envelope with { Recipients = [held.Recipient] } },
            Kind = held.Kind,
            DueAt = message.ReleasedAt,
        }));
        await Task.WhenAll(entries.GroupBy(entry => entry.Shard, entry => entry.Entry).Select(shard =>
            services.Calls.CallAsync(() => services.Grains.GetGrain<ISpoolGrain>(shard.Key).AddAsync([.. shard]), CancellationToken.None).AsTask())).ConfigureAwait(false);
    }

    private void Trace(MailSubmission submission, IReadOnlyList<QueuedMessage> entries, OutgoingMessage message)
    {
        var at = services.Time.GetUtcNow();
        foreach (var entry in entries)
        {
            sending.Tracer.Began(message.Header!.MessageId, new()
            {
                Delivery = entry.Id,
                At = at,
                Kind = TraceKind.Accepted,
                Recipients = [.. entry.Envelope.Recipients.Select(recipient => recipient.Address.ToString())],
                Reply = "250 2.0.0 submitted over JMAP",
                Session = new(entry.Tenant.Value, "jmap", "", "", call.User.Address.ToString(), null, submission.From.Email, message.Length),
                DueAt = entry.Envelope.HoldUntil,
            });
        }
    }
}
