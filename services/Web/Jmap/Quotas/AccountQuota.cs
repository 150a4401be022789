using System.Globalization;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>The quota of an account (RFC 9425 §4): octets of its mail. An account without a limit has none.</summary>
internal sealed record AccountQuota(long Used, long Limit)
{
    public const string Id = "octets";
    public const string Name = "Mail";
    public const string Scope = "account";
    public const string ResourceType = "octets";
    public const string Type = "Email";

    public static readonly string[] Properties = ["id", "resourceType", "used", "hardLimit", "warnLimit", "softLimit", "scope", "name", "description", "types"];

    public bool Exists => Limit > 0;

    /// <summary>All that may change of it.</summary>
    public string State => string.Create(CultureInfo.InvariantCulture, $"q{Used}-{Limit}");

    public static async Task<AccountQuota> FindAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var mailbox = call.Services.Grains.GetGrain<IMailboxGrain>(call.Account.Value);
        var quota = await call.Services.Calls.CallAsync(() => mailbox.GetQuotaAsync(), cancellationToken);
        return new(quota?.UsedBytes ?? 0, quota?.LimitBytes ?? 0);
    }

    /// <summary>Null when it is no state that was ever given.</summary>
    public static AccountQuota? OfState(string state) =>
        state.Split('-') is [['q', .. var used], var limit]
        && long.TryParse(used, NumberStyles.None, CultureInfo.InvariantCulture, out var octets) && long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var most)
            ? new(octets, most)
            : null;

    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["resourceType"] = ResourceType,
        ["used"] = Used,
        ["hardLimit"] = Limit,
        ["warnLimit"] = null,
        ["softLimit"] = null,
        ["scope"] = Scope,
        ["name"] = Name,
        ["description"] = null,
        ["types"] = new JsonArray(Type),
    };
}
