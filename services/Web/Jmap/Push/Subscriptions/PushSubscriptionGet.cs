using System.Globalization;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>PushSubscription/get (RFC 8620 §7.2.1): without an account, and without a state.</summary>
internal static class PushSubscriptionGet
{
    private static readonly string[] all = ["deviceClientId", "verificationCode", "expires", "types"];

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var ids = call.Arguments.FindTexts("ids");
        var properties = call.Arguments.FindTexts("properties") ?? all;
        call.Arguments.Done();
        if (ids?.Count > call.Services.Options.MaxObjectsInGet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInGet} ids");
        }

        // RFC 8620 §7.2.1: where changes are pushed to is the client's secret, also before itself.
        if (properties.Contains("url") || properties.Contains("keys"))
        {
            throw new MethodException("forbidden", "url and keys are given to nobody");
        }

        if (properties.FirstOrDefault(name => name != "id" && !all.Contains(name)) is { } unknown)
        {
            throw MethodException.InvalidArguments($"there is no property {unknown}");
        }

        var mine = await PushSubscriptionIds.ListAsync(call, cancellationToken);
        var byId = mine.ToDictionary(subscription => PushSubscriptionIds.Of(subscription.Id), StringComparer.Ordinal);
        var asked = ids?.Select(id => call.Request.Resolve(id) ?? id).Distinct(StringComparer.Ordinal).ToArray() ?? [.. byId.Keys];
        return new()
        {
            ["list"] = new JsonArray([.. asked.Where(byId.ContainsKey).Select(id => ToJson(byId[id], properties))]),
            ["notFound"] = new JsonArray([.. asked.Where(id => !byId.ContainsKey(id)).Select(id => JsonValue.Create(id))]),
        };
    }

    /// <summary>RFC 8620 §1.4.</summary>
    public static string UtcDate(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static JsonArray? TypesOf(IReadOnlyList<string>? types) => types is null ? null : [.. types.Select(type => JsonValue.Create(type))];

    private static JsonObject ToJson(PushSubscription subscription, IEnumerable<string> properties)
    {
        var json = new JsonObject { ["id"] = PushSubscriptionIds.Of(subscription.Id) };
        foreach (var name in properties.Where(name => name != "id"))
        {
            json[name] = name switch
            {
                "deviceClientId" => subscription.DeviceClientId,
                "verificationCode" => subscription.IsVerified ? subscription.Code : null,
                "expires" => UtcDate(subscription.Expires),
                _ => TypesOf(subscription.Types),
            };
        }

        return json;
    }
}
