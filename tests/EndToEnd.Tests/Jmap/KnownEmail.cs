using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>What a client keeps of an Email.</summary>
internal sealed record KnownEmail(string Id, string Thread, IReadOnlySet<string> Folders, IReadOnlySet<string> Keywords)
{
    public bool IsUnread => !Keywords.Contains("$seen") && !Keywords.Contains("$draft");

    public static KnownEmail From(JsonNode json) => new(
        json["id"]!.GetValue<string>(), json["threadId"]!.GetValue<string>(), Names(json["mailboxIds"]!), Names(json["keywords"]!));

    public override string ToString() => $"{Id} of {Thread} in {string.Join(',', Folders.Order(StringComparer.Ordinal))} with {string.Join(',', Keywords.Order(StringComparer.Ordinal))}";

    private static SortedSet<string> Names(JsonNode set) => new(set.AsObject().Select(p => p.Key), StringComparer.Ordinal);
}
