using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/get (RFC 9425 §4.2).</summary>
internal static class QuotaGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var ids = call.Arguments.FindTexts("ids")?.Distinct(StringComparer.Ordinal).ToList();
        var properties = call.Arguments.FindTexts("properties");
        call.Arguments.Done();
        if (ids?.Count > call.Services.Options.MaxObjectsInGet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInGet} at a time");
        }

        var quota = await AccountQuota.FindAsync(call, cancellationToken);
        var json = quota.ToJson();
        if (properties?.FirstOrDefault(name => !json.ContainsKey(name)) is { } unknown)
        {
            throw MethodException.InvalidArguments($"there is no property {unknown}");
        }

        foreach (var left in json.Select(member => member.Key).Where(name => name != "id" && properties?.Contains(name) == false).ToList())
        {
            json.Remove(left);
        }

        var isAsked = quota.Exists && ids?.Contains(AccountQuota.Id) != false;
        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["state"] = quota.State,
            ["list"] = isAsked ? new JsonArray(json) : new JsonArray(),
            ["notFound"] = new JsonArray([.. (ids ?? []).Where(id => !quota.Exists || id != AccountQuota.Id).Select(id => JsonValue.Create(id))]),
        };
    }
}
