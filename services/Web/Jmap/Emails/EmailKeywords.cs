using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Flags by JMAP's names (RFC 8621 §4.1.1).</summary>
internal static class EmailKeywords
{
    private static readonly (string Name, MessageFlags Flag)[] System =
    [
        ("$seen", MessageFlags.Seen), ("$answered", MessageFlags.Answered), ("$flagged", MessageFlags.Flagged), ("$draft", MessageFlags.Draft),
    ];

    /// <param name="flags">Of the Email.</param>
    /// <param name="keywords">Of the mailbox, by the bits of flag sets.</param>
    public static JsonObject ToJson(MessageFlags flags, IReadOnlyList<string> keywords)
    {
        var json = new JsonObject();
        foreach (var (name, _) in System.Where(system => (flags & system.Flag) != 0))
        {
            json[name] = true;
        }

        for (var i = 0; i < keywords.Count; i++)
        {
            if ((flags & KeywordBits.Of(i)) != 0)
            {
                json[keywords[i].ToLowerInvariant()] = true;
            }
        }

        return json;
    }

    public static bool Has(MessageFlags flags, IReadOnlyList<string> keywords, string keyword)
    {
        var system = Array.Find(System, system => system.Name.Equals(keyword, StringComparison.OrdinalIgnoreCase)).Flag;
        return (flags & (system != MessageFlags.None ? system : KeywordBits.Find(keywords, keyword))) != 0;
    }
}
