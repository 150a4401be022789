using System.Security.Cryptography;

namespace MailCloud.Fuzz.Engine;

/// <summary>The kept inputs of a target, a file each: those that together take every branch that was ever taken, and those that once broke a rule (<c>found-…</c>).</summary>
internal sealed class InputFolder(string root, FuzzTarget target)
{
    private readonly string path = Path.Combine(root, target.Name);

    public IReadOnlyList<byte[]> Read() =>
        Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];

    public void Add(Finding finding)
    {
        Directory.CreateDirectory(path);
        File.WriteAllBytes(Path.Combine(path, finding.FileName), finding.Input);
    }

    /// <summary>Keeps these inputs in place of those that stand there; findings stay.</summary>
    public void Replace(IEnumerable<byte[]> inputs)
    {
        Directory.CreateDirectory(path);
        foreach (var old in Directory.EnumerateFiles(path).Where(f => !Path.GetFileName(f).StartsWith("found-", StringComparison.Ordinal)))
        {
            File.Delete(old);
        }

        foreach (var input in inputs)
        {
            File.WriteAllBytes(Path.Combine(path, Convert.ToHexStringLower(SHA256.HashData(input))[..12]), input);
        }
    }
}
