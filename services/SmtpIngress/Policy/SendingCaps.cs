using System.Globalization;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>
/// How many recipients outside its tenant an account may send to. They are counted before they are accepted, so that sessions side by side send no more either: the first of a message by one call,
/// and then ten times as many by each further one (four calls for a thousand). What a message did not need is given back at its end.
/// </summary>
internal sealed class SendingCaps(IGrainFactory grains, GrainCalls calls, SendingOptions options)
{
    private const int Growth = 10;

    /// <summary>In how many hours a tenant may send what it may in a day: as those of Sending:TenantPerHour and TenantPerDay.</summary>
    private const int HoursOfDay = 4;

    /// <summary>Null when the account may send to this recipient, else the limit that it has reached and when that is no longer so.</summary>
    public async ValueTask<SmtpReply?> CheckAsync(SmtpSession session, AddressRecord account, Transaction transaction, AcceptedRecipient recipient, CancellationToken cancellationToken)
    {
        var needed = Outside(account.Tenant, recipient);
        if (needed == 0)
        {
            return null;
        }

        var ofTenant = await LimitsAsync(session, account.Tenant, cancellationToken).ConfigureAwait(false);
        if (!options.HasLimit && ofTenant.PerDay == 0)
        {
            return null;
        }

        var caps = transaction.Caps;
        while (caps.Taken < caps.Used + needed)
        {
            var asked = Math.Max(caps.Used + needed - caps.Taken, Math.Min(caps.Taken * (Growth - 1), session.Options.MaxRecipients));
            var request = new SendingRequest(asked, options.Account, ofTenant);
            var grant = await calls.CallAsync(() => GrainOf(account).TakeAsync(request), session.Patience, cancellationToken).ConfigureAwait(false);
            if (grant.Refusal is { } refusal)
            {
                SmtpTelemetry.Capped.Add(1, new("limit", refusal.OfTenant ? "tenant" : "account"), new("tenant", account.Tenant.Value));
                return Refuse(refusal);
            }

            caps.Taken += grant.Recipients;
        }

        caps.Used += needed;
        return null;
    }

    /// <summary>Null when the account may have one more message held until a time, else the limit that it has reached.</summary>
    public async ValueTask<SmtpReply?> HoldAsync(SmtpSession session, AddressRecord account, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (options.AccountHeld == 0)
        {
            return null;
        }

        try
        {
            var freeAt = await calls.CallAsync(() => GrainOf(account).HoldAsync(until, options.AccountHeld), session.Patience, cancellationToken).ConfigureAwait(false);
            return freeAt is null ? null : new(452, "4.3.1", $"your account has {options.AccountHeld} messages held, which is its limit, again from {Text(freeAt.Value)} UTC");
        }
        catch (GrainUnavailableException e)
        {
            session.Services.Log.DirectoryAway(e);
            return SmtpReply.DirectoryAway;
        }
    }

    /// <summary>The transaction is over: what it took and did not need goes back; all of it when the message was not accepted.</summary>
    public void End(AddressRecord account, Transaction transaction)
    {
        var caps = transaction.Caps;
        var unused = caps.Taken - (caps.IsSent ? caps.Used : 0);
        if (unused > 0)
        {
            GrainOf(account).GiveBackAsync(unused).Ignore();
        }
    }

    // The tenant's own, or those of all tenants.
    private async ValueTask<SendingLimits> LimitsAsync(SmtpSession session, TenantId tenant, CancellationToken cancellationToken)
    {
        var terms = await session.Services.Standings.FindTermsAsync(tenant, session.Patience, cancellationToken).ConfigureAwait(false);
        return terms.Limits.RecipientsPerDay is > 0 and var perDay ? new(Math.Max(1, perDay / HoursOfDay), perDay) : options.Tenant;
    }

    /// <summary>
    /// Each address on another host that the tenant's own mail goes to, and each recipient of another tenant here: one, since where its mail goes from there is that tenant's doing, and its secret.
    /// The members of the tenant's own groups do not count, wherever they are: an administrator has made them members, and they are looked up behind the queue.
    /// </summary>
    private static int Outside(TenantId tenant, AcceptedRecipient recipient) => recipient.Tenant == tenant ? recipient.Recipient.Remote.Count : 1;

    private static SmtpReply Refuse(SendingRefusal refusal)
    {
        var whose = refusal.OfTenant ? "your organisation" : "your account";
        var period = refusal.Hours == 1 ? "hour" : "day";
        return new(450, "4.7.1", $"{whose} has reached its limit of {refusal.Limit} recipients outside it in one {period}, again from {Text(refusal.FreeAt)} UTC");
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private ISendingGrain GrainOf(AddressRecord account) => grains.GetGrain<ISendingGrain>(account.Account!.Value.Value);
}

/// <summary>Recipients outside the tenant that one message took from the caps.</summary>
internal sealed class TakenRecipients
{
    /// <summary>Counted for the account.</summary>
    public int Taken { get; set; }

    /// <summary>Of these, the ones that the message goes to.</summary>
    public int Used { get; set; }

    /// <summary>True once the message may have been accepted.</summary>
    public bool IsSent { get; set; }
}
