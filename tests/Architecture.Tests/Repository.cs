using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>The repository as text: the rules are about what is written, so nothing is loaded.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with '/', of all files below the folder except what builds produce and tests install.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').Any(part => part is "bin" or "obj" or ".tools"))
            .Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Projects => [.. Files("services", "*.csproj"), .. Files("shared", "*.csproj"), .. Files("tests", "*.csproj")];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Exists(string path) => File.Exists(Path.Combine(Root, path));

    public static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    /// <summary>The folder and name of each project that this one references, as <c>services/Web</c>.</summary>
    public static IEnumerable<string> References(string project) =>
        ProjectReference().Matches(Read(project))
            .Select(m => Path.GetFullPath(Path.Combine(Root, Path.GetDirectoryName(project)!, m.Groups[1].Value.Replace('\\', '/'))))
            .Select(f => Path.GetRelativePath(Root, Path.GetDirectoryName(f)!).Replace('\\', '/'));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("no MailCloud.sln above the tests");
        }

        return folder.FullName;
    }

    [GeneratedRegex("<ProjectReference[^>]*Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();
}
