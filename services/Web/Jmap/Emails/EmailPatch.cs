using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Reads what is to become of an Email: of its properties only mailboxIds and keywords ever change (RFC 8621 §4.6).</summary>
internal sealed class EmailPatch(Guid email, string id, JmapRequest request)
{
    private readonly List<string> addKeywords = [];
    private readonly List<string> removeKeywords = [];
    private readonly List<int> addFolders = [];
    private readonly List<int> removeFolders = [];
    private string[]? keywords;
    private int[]? folders;

    /// <exception cref="SetException">invalidPatch or invalidProperties.</exception>
    public EmailUpdate Read(JsonNode? node)
    {
        foreach (var (path, value) in PatchObject.Read(node).Patches)
        {
            Take(path, value);
        }

        return new()
        {
            Email = email,
            Keywords = keywords,
            AddKeywords = [.. addKeywords],
            RemoveKeywords = [.. removeKeywords],
            Folders = folders,
            AddFolders = [.. addFolders],
            RemoveFolders = [.. removeFolders],
        };
    }

    private void Take(string[] path, JsonNode? value)
    {
        switch (path)
        {
            case ["keywords"]:
                keywords = EmailProperties.Keywords(value);
                break;
            case ["mailboxIds"]:
                folders = EmailProperties.Folders(value, request);
                break;
            case ["keywords", var name]:
                (IsAdded(value, "keywords") ? addKeywords : removeKeywords).Add(EmailProperties.Keyword(name));
                break;
            case ["mailboxIds", var folder]:
                (IsAdded(value, "mailboxIds") ? addFolders : removeFolders).Add(EmailProperties.Folder(folder, request));
                break;
            case ["keywords" or "mailboxIds", ..]:
                throw PatchObject.Wrong($"{string.Join('/', path)} leads below a value");
            case ["id"] when JmapArguments.TextOf(value) == id:
                break;
            case [var property]:
                throw SetException.Invalid("only keywords and mailboxIds of an Email change", property);
            default:
                throw PatchObject.Wrong($"{string.Join('/', path)} leads to nothing that changes");
        }
    }

    private static bool IsAdded(JsonNode? value, string property) =>
        value is null ? false : EmailProperties.IsTrue(value) ? true : throw SetException.Invalid("a value is true, or null to remove it", property);
}
