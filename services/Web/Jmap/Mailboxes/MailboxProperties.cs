using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>The properties of a Mailbox that a client sets (RFC 8621 §2).</summary>
internal static class MailboxProperties
{
    /// <summary>Octets: the maxSizeMailboxName of the session resource. A mailbox allows 1,000 for the names of all levels together.</summary>
    public const int MaxName = 255;

    /// <summary>What is counted or decided here; a client may not set it.</summary>
    public static bool IsOfServer(string name) => name is "id" or "totalEmails" or "unreadEmails" or "totalThreads" or "unreadThreads" or "myRights";

    /// <exception cref="SetException">invalidProperties.</exception>
    public static string Name(JsonNode? node) => JmapArguments.TextOf(node) is { Length: > 0 } name && Encoding.UTF8.GetByteCount(name) <= MaxName
        ? name
        : throw SetException.Invalid($"name is a string of 1 to {MaxName} octets", "name");

    /// <summary>Null: it has none.</summary>
    /// <exception cref="SetException">invalidProperties.</exception>
    public static int? Parent(JsonNode? node, JmapRequest request)
    {
        if (node is null)
        {
            return null;
        }

        return JmapArguments.TextOf(node) is { } id && request.Resolve(id) is { } resolved && ObjectIds.TryParseFolder(resolved, out var folder)
            ? folder
            : throw SetException.Invalid("there is no such mailbox", "parentId");
    }

    /// <summary>The special use (RFC 6154 §2) of a role; null: none.</summary>
    /// <exception cref="SetException">invalidProperties.</exception>
    public static string? Use(JsonNode? node)
    {
        if (node is null)
        {
            return null;
        }

        return JmapArguments.TextOf(node) is { } role && !role.Any(char.IsAsciiLetterUpper) && NewFolder.FindUse($"\\{role}") is { } use
            ? use
            : throw SetException.Invalid($"role is one of {string.Join(", ", NewFolder.Uses.Select(known => known[1..].ToLowerInvariant()))}, or null", "role");
    }

    /// <exception cref="SetException">invalidProperties.</exception>
    public static int SortOrder(JsonNode? node) => node is null ? 0
        : JmapArguments.TryInt(node) is { } number and >= 0 and <= int.MaxValue ? (int)number : throw SetException.Invalid("sortOrder is an integer from 0 to 2,147,483,647", "sortOrder");

    /// <exception cref="SetException">invalidProperties.</exception>
    public static bool Subscribed(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw SetException.Invalid("isSubscribed is true or false", "isSubscribed"),
    };
}
