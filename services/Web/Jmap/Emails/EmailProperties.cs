using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>The properties of an Email that a client sets: the same when it makes, imports or changes one (RFC 8621 §4.1.1).</summary>
internal static class EmailProperties
{
    private const int MaxKeyword = 255;

    private const string NotInKeywords = "(){]%*\"\\";

    /// <summary>The folders of <c>{id: true}</c>, of which there is at least one.</summary>
    /// <exception cref="SetException">invalidProperties.</exception>
    public static int[] Folders(JsonNode? node, JmapRequest request)
    {
        var folders = Members(node, "mailboxIds").Select(id => Folder(id, request)).Distinct().ToArray();
        return folders.Length > 0 ? folders : throw SetException.Invalid("an Email is in one mailbox at least", "mailboxIds");
    }

    /// <exception cref="SetException">invalidProperties: it is the id of no mailbox.</exception>
    public static int Folder(string id, JmapRequest request) => request.Resolve(id) is { } resolved && ObjectIds.TryParseFolder(resolved, out var folder)
        ? folder
        : throw SetException.Invalid($"there is no mailbox {id}", "mailboxIds");

    /// <summary>The keywords of <c>{name: true}</c>, in lower case.</summary>
    /// <exception cref="SetException">invalidProperties.</exception>
    public static string[] Keywords(JsonNode? node) => node is null ? [] : [.. Members(node, "keywords").Select(Keyword).Distinct(StringComparer.Ordinal)];

    /// <exception cref="SetException">invalidProperties: no keyword can have this name (§4.1.1).</exception>
    public static string Keyword(string name) =>
        name.Length is > 0 and <= MaxKeyword && name.All(c => c is > ' ' and < '\u007f' && !NotInKeywords.Contains(c, StringComparison.Ordinal))
            ? name.ToLowerInvariant()
            : throw SetException.Invalid("a keyword has 1 to 255 printable characters of ASCII without ( ) { ] % * \" \\", "keywords");

    /// <summary>Null when it is not given.</summary>
    /// <exception cref="SetException">invalidProperties.</exception>
    public static DateTimeOffset? ReceivedAt(JsonNode? node)
    {
        if (node is null)
        {
            return null;
        }

        // From 1970 on, as the mailbox counts.
        return JmapArguments.TextOf(node) is { } text && JmapText.TryUtcDate(text, out var time) && time >= DateTimeOffset.UnixEpoch
            ? time
            : throw SetException.Invalid("receivedAt is a UTCDate, as 2014-10-30T06:12:00Z", "receivedAt");
    }

    public static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    private static IEnumerable<string> Members(JsonNode? node, string property) => node is JsonObject json && json.All(member => IsTrue(member.Value))
        ? json.Select(member => member.Key)
        : throw SetException.Invalid($"{property} is an object of which every value is true", property);
}
