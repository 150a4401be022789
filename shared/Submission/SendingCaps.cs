using System.Globalization;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.Submission;

/// <summary>
/// How many recipients outside its tenant an account may send to. They are counted before they are accepted, so that sessions side by side send no more either: the first of a message by one call,
/// and then ten times as many by each further one (four calls for a thousand). What a message did not need is given back at its end.
/// </summary>
public sealed class SendingCaps(IGrainFactory grains, GrainCalls calls, Standings standings, SendingOptions options)
{
    private const int Growth = 10;

    /// <summary>In how many hours a tenant may send what it may in a day: as those of Sending:TenantPerHour and TenantPerDay.</summary>
    private const int HoursOfDay = 4;

    /// <summary>Messages that an account may have held; 0 is no limit.</summary>
    public int MostHeld => options.AccountHeld;

    /// <summary>Null when the account may send to this recipient, else the limit that it has reached and when that is no longer so.</summary>
    /// <param name="account">Who sends.</param>
    /// <param name="caps">What this message took before.</param>
    /// <param name="recipient">The next one of the message.</param>
    /// <param name="most">Recipients that a message may have.</param>
    /// <param name="patience">Of the message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GrainUnavailableException">The counts did not answer.</exception>
    public async ValueTask<PolicyReply?> CheckAsync(
        AddressRecord account, TakenRecipients caps, AcceptedRecipient recipient, int most, Patience patience, CancellationToken cancellationToken)
    {
        var needed = Outside(account.Tenant, recipient);
        if (needed == 0)
        {
            return null;
        }

        var ofTenant = await LimitsAsync(account.Tenant, patience, cancellationToken).ConfigureAwait(false);
        if (!options.HasLimit && ofTenant.PerDay == 0)
        {
            return null;
        }

        while (caps.Taken < caps.Used + needed)
        {
            var asked = Math.Max(caps.Used + needed - caps.Taken, Math.Min(caps.Taken * (Growth - 1), most));
            var request = new SendingRequest(asked, options.Account, ofTenant);
            var grant = await calls.CallAsync(() => GrainOf(account).TakeAsync(request), patience, cancellationToken).ConfigureAwait(false);
            if (grant.Refusal is { } refusal)
            {
                return Refuse(refusal);
            }

            caps.Taken += grant.Recipients;
        }

        caps.Used += needed;
        return null;
    }

    /// <summary>Null when the account may have one more message held until a time, else the limit that it has reached.</summary>
    /// <exception cref="GrainUnavailableException">The counts did not answer.</exception>
    public async ValueTask<PolicyReply?> HoldAsync(AddressRecord account, DateTimeOffset until, Patience patience, CancellationToken cancellationToken)
    {
        if (options.AccountHeld == 0)
        {
            return null;
        }

        var freeAt = await calls.CallAsync(() => GrainOf(account).HoldAsync(until, options.AccountHeld), patience, cancellationToken).ConfigureAwait(false);
        return freeAt is null ? null : TooManyHeld(freeAt.Value);
    }

    /// <summary>What is said when there are as many.</summary>
    public PolicyReply TooManyHeld(DateTimeOffset freeAt) => new(452, "4.3.1", $"your account has {options.AccountHeld} messages held, which is its limit, again from {Text(freeAt)} UTC");

    /// <summary>The message is over: what it took and did not need goes back; all of it when it was not accepted.</summary>
    public void End(AddressRecord account, TakenRecipients caps)
    {
        var unused = caps.Taken - (caps.IsSent ? caps.Used : 0);
        if (unused > 0)
        {
            GrainOf(account).GiveBackAsync(unused).Ignore();
        }
    }

    // The tenant's own, or those of all tenants.
    private async ValueTask<SendingLimits> LimitsAsync(TenantId tenant, Patience patience, CancellationToken cancellationToken)
    {
        var terms = await standings.FindTermsAsync(tenant, patience, cancellationToken).ConfigureAwait(false);
        return terms.Limits.RecipientsPerDay is > 0 and var perDay ? new(Math.Max(1, perDay / HoursOfDay), perDay) : options.Tenant;
    }

    /// <summary>
    /// Each address on another host that the tenant's own mail goes to, and each recipient of another tenant here: one, since where its mail goes from there is that tenant's doing, and its secret.
    /// The members of the tenant's own groups do not count, wherever they are: an administrator has made them members, and they are looked up behind the queue.
    /// </summary>
    private static int Outside(TenantId tenant, AcceptedRecipient recipient) => recipient.Tenant == tenant ? recipient.Recipient.Remote.Count : 1;

    private static PolicyReply Refuse(SendingRefusal refusal)
    {
        var whose = refusal.OfTenant ? "your organisation" : "your account";
        var period = refusal.Hours == 1 ? "hour" : "day";
        return new(450, "4.7.1", $"{whose} has reached its limit of {refusal.Limit} recipients outside it in one {period}, again from {Text(refusal.FreeAt)} UTC")
        {
            Cause = refusal.OfTenant ? PolicyCause.TenantCap : PolicyCause.AccountCap,
        };
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private ISendingGrain GrainOf(AddressRecord account) => grains.GetGrain<ISendingGrain>(account.Account!.Value.Value);
}

/// <summary>Recipients outside the tenant that one message took from the caps.</summary>
public sealed class TakenRecipients
{
    /// <summary>Counted for the account.</summary>
    public int Taken { get; set; }

    /// <summary>Of these, the ones that the message goes to.</summary>
    public int Used { get; set; }

    /// <summary>True once the message may have been accepted.</summary>
    public bool IsSent { get; set; }
}
