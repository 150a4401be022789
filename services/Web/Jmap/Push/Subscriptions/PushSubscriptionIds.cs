using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>Ids of push subscriptions: <c>s</c> and a GUID (RFC 8620 §1.2).</summary>
internal static class PushSubscriptionIds
{
    public static string Of(Guid subscription) => $"s{subscription:N}";

    public static bool TryParse(string text, out Guid subscription)
    {
        subscription = default;
        return text.Length == 33 && text[0] == 's' && Guid.TryParseExact(text[1..], "N", out subscription) && Of(subscription) == text;
    }

    /// <summary>Those of who asks: subscriptions of the same account that others have made are nobody else's business (RFC 8620 §7.2).</summary>
    public static async Task<IReadOnlyList<PushSubscription>> ListAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var grain = call.Services.Grains.GetGrain<IPushSubscriptionsGrain>(call.User.Account.Value);
        var all = await call.Services.Calls.CallAsync(grain.ListAsync, cancellationToken);
        return [.. all.Where(subscription => subscription.Credential == call.User.Credential)];
    }
}
