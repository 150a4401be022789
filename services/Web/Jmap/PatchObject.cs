using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>A change of a record (RFC 8620 §5.3): paths within it, and what comes there; null is the default, or nothing.</summary>
internal sealed class PatchObject
{
    /// <summary>No record has so many levels.</summary>
    private const int MaxDepth = 8;

    private readonly List<(string[] Path, JsonNode? Value)> patches;

    private PatchObject(List<(string[] Path, JsonNode? Value)> patches) => this.patches = patches;

    /// <summary>All of them, paths by their tokens.</summary>
    public IReadOnlyList<(string[] Path, JsonNode? Value)> Patches => patches;

    /// <exception cref="SetException">invalidPatch: it is no object, or a path is one of two of which one leads to the other.</exception>
    public static PatchObject Read(JsonNode? node)
    {
        var json = node as JsonObject ?? throw Wrong("a patch is an object");

        // RFC 6901 §4, without the first slash.
        var patches = json.Select(patch => (Path: Array.ConvertAll(patch.Key.Split('/'), Unescape), patch.Value)).OrderBy(patch => patch.Path.Length).ToList();
        if (patches.Exists(patch => patch.Path.Length > MaxDepth))
        {
            throw Wrong($"a path has {MaxDepth} levels at most");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, _) in patches)
        {
            if (Enumerable.Range(1, path.Length).Any(length => seen.Contains(Key(path[..length]))))
            {
                throw Wrong($"{string.Join('/', path)} is changed twice");
            }

            seen.Add(Key(path));
        }

        return new(patches);
    }

    public static SetException Wrong(string description) => new(new SetError("invalidPatch", description));

    private static string Unescape(string token) => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static string Key(string[] path) => string.Join('\0', path);
}
