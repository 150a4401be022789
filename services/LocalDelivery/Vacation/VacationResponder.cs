using System.Diagnostics;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Reports;
using MailCloud.Tracing;

namespace MailCloud.LocalDelivery.Vacation;

/// <summary>
/// Answers mail whose recipients are away (RFC 3834; what RFC 5230 says of Sieve's vacation holds here too). An answer is a new message with the null reverse-path at the head of the queue, fixed by the
/// account's grain before it is sent: made again, it is the same. Whatever fails here, the message is filed all the same, and what was not answered stays so.
/// </summary>
internal sealed class VacationResponder(
    IGrainFactory grains,
    GrainCalls calls,
    AddressLookup addresses,
    IMessageBlobs blobs,
    IMailQueue queue,
    ReportOptions reports,
    MessageTracer tracer,
    TimeProvider time,
    ILogger<VacationResponder> logger)
{
    /// <summary>Of all answers to one message: its entry keeps its place in the queue meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>As filings.</summary>
    private const int AnswersAtATime = 32;

    /// <summary>Octets of a message that are read for its header; recipients that stand behind them are not seen.</summary>
    private const int MaxHeader = 64 * 1024;

    /// <summary>Returns when the answers are durably queued, when there are none to give, or when the time for them is over. Never fails, unless it is cancelled.</summary>
    /// <param name="message">Which was filed.</param>
    /// <param name="away">Accounts whose mailboxes said so when they filed it.</param>
    /// <param name="cancellationToken">Ends the work on the entry, which comes again.</param>
    public async Task AnswerAsync(QueuedMessage message, IReadOnlyCollection<AccountId> away, CancellationToken cancellationToken)
    {
        // What a group sends on is the group's, as a list's.
        if (away.Count == 0 || message.Origin is not null || message.Envelope.Sender is not { } sender || SenderNames.IsMachine(sender))
        {
            return;
        }

        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await AnswerAllAsync(message, sender, away, either.Token).WaitAsync(either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            DeliveryLog.NotAnswered(logger, message.Id, message.Tenant, e);
        }
    }

    private async Task AnswerAllAsync(QueuedMessage message, EmailAddress sender, IReadOnlyCollection<AccountId> away, CancellationToken cancellationToken)
    {
        var start = await blobs.ReadAsync(message.Body.Name, 0, (int)Math.Min(MaxHeader, message.Body.Length), cancellationToken);
        if (ReceivedHeader.Read(start) is not { IsOfMachine: false } header)
        {
            return;
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AnswersAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(away, parallel, async (account, token) =>
        {
            try
            {
                await AnswerAsync(message, sender, header, account, token);
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                DeliveryLog.NotAnswered(logger, message.Id, message.Tenant, e);
            }
        });
    }

    private async Task AnswerAsync(QueuedMessage message, EmailAddress sender, ReceivedHeader header, AccountId account, CancellationToken cancellationToken)
    {
        // RFC 5230 §4.5: who is not named may be one of many, or was sent a blind copy that the answer would tell of.
        var own = message.Envelope.Recipients.Where(recipient => recipient.Mailboxes.Contains(account)).Select(recipient => recipient.Address.WithoutDetail.Key).ToHashSet(StringComparer.Ordinal);
        if (own.Contains(sender.WithoutDetail.Key) || !header.Addressees.Overlaps(own))
        {
            return;
        }

        if (await addresses.FindSenderAsync(sender, account.Tenant) is not { } to || to.Recipient.Mailboxes.Contains(account))
        {
            return;
        }

        var grain = grains.GetGrain<IVacationGrain>(account.Value);
        var question = new VacationQuestion(sender.Key, message.FiledAs, message.ReleasedAt);
        if (await calls.CallAsync(() => grain.AskAsync(question), cancellationToken) is { Address: { } address } response && await MaySendAsync(account, address, cancellationToken))
        {
            var answer = new VacationAnswer(message.FiledAs.Derive($"vacation {account.Value}"), address, sender, response, header, reports.HostName);
            await SendAsync(message, account, answer, to.Tenant, to.Recipient, cancellationToken);
        }
    }

    // An account that only receives, or is suspended, answers nobody; nor does one under an address that it has not any more.
    private async Task<bool> MaySendAsync(AccountId account, EmailAddress address, CancellationToken cancellationToken)
    {
        var terms = await calls.CallAsync(() => grains.GetGrain<ITenantGrain>(account.Tenant.Value).GetTermsAsync(), cancellationToken);
        var record = await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(address.Key).GetAsync(), cancellationToken);
        return terms.State == AccountState.Active && record?.State == AccountState.Active && record.Account == account;
    }

    private async Task SendAsync(QueuedMessage message, AccountId account, VacationAnswer answer, TenantId tenant, EnvelopeRecipient to, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var octets = answer.ToOctets();
        var name = BodyRef.NameFor(tenant, answer.Id);
        await using (var upload = blobs.Create(name, BodyOwner.Of(answer.Id, [to])))
        {
            await upload.WriteAsync(octets, cancellationToken);
            await upload.CommitAsync(cancellationToken);
        }

        await queue.PublishAsync(
            new()
            {
                Id = answer.Id,
                Tenant = tenant,
                Body = new(name, octets.Length),

                // RFC 3834 §3.3: the null reverse-path. RFC 8689 §5: what required TLS is answered by TLS.
                Envelope = new()
                {
                    Recipients = [to],
                    Body = answer.IsInternational ? BodyType.EightBitMime : BodyType.SevenBit,
                    SmtpUtf8 = answer.IsInternational,
                    Tls = message.Envelope.Tls,
                },
                Trace = "",
                TraceParent = Activity.Current?.Id ?? message.TraceParent,

                // It is sent as the account's other mail is: signed, and not while that is suspended.
                Submitter = account,
                SubmitterAddress = answer.From,
                ReportedAt = at,
            },
            cancellationToken);

        // At the time before it was queued: it may be filed before this is recorded.
        tracer.Began(MessageIds.Normalize(answer.MessageId), new()
        {
            Delivery = answer.Id,
            At = at,
            Kind = TraceKind.Accepted,
            Recipients = [to.Address.ToString()],
            Reply = $"answer of {answer.From}, who is away, to {message.Id}",
            Session = new(tenant.Value, "", "", "", null, null, "", octets.Length),
        });
        DeliveryLog.Answered(logger, message.Id, message.Tenant, account, answer.Id);
    }
}
