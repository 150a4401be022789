using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>What the sources say of options: by the convention that a record <c>XOptions</c> names its section and has a property with a summary for each.</summary>
internal static partial class OptionFiles
{
    /// <summary>The sections that a project and all that it references read, each with its options.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<Option>> SectionsOf(string project) =>
        (from file in FilesOf(project).Distinct()
         let text = Repository.Read(file)
         where Section().IsMatch(text)
         let section = Section().Match(text).Groups[1].Value
         from option in OptionsIn(text)
         group option by section).ToDictionary(section => section.Key, section => (IReadOnlyList<Option>)[.. section.OrderBy(option => option.Name, StringComparer.Ordinal)]);

    /// <summary>The options of a record that is the type of another's.</summary>
    public static IReadOnlyList<Option> OfType(string type) =>
        [.. from file in Repository.Files("services", "*Options.cs").Concat(Repository.Files("shared", "*Options.cs"))
            from Match record in Record().Matches(Repository.Read(file))
            where record.Groups[1].Value == type
            from option in OptionsIn(record.Value)
            select option];

    private static IEnumerable<string> FilesOf(string project)
    {
        var folder = Path.GetDirectoryName(project)!.Replace('\\', '/');
        return Repository.Files(folder, "*Options.cs")
            .Concat(Repository.References(project).SelectMany(reference => FilesOf($"{reference}/{Path.GetFileName(reference)}.csproj")));
    }

    private static IEnumerable<Option> OptionsIn(string text) =>
        from Match record in Record().Matches(text)
        from Match property in Property().Matches(record.Value)
        select new Option(property.Groups["name"].Value, property.Groups["type"].Value, Plain(property.Groups["summary"].Value));

    private static string Plain(string summary) => Space().Replace(Tag().Replace(summary.Replace("///", "", StringComparison.Ordinal), "$1$2"), " ").Trim();

    [GeneratedRegex(@"Section <c>(\w+)</c>")]
    private static partial Regex Section();

    [GeneratedRegex(@"^(?:public|internal) sealed record (\w+)\n\{.*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Record();

    [GeneratedRegex(@"(?:^    /// <summary>(?<summary>(?:(?!</summary>).)*)</summary>\n)?(?:^    \[[^\n]*\n)*^    public (?:required )?(?<type>[^(=\n]*?) (?<name>\w+) \{ get; init; \}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Property();

    [GeneratedRegex("<see (?:cref|langword)=\"(?:\\w+\\.)*(\\w+)\"/>|<c>([^<]*)</c>|</?\\w+[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    /// <param name="Name">As it is written in configuration.</param>
    /// <param name="Type">In C#.</param>
    /// <param name="Summary">Plain text; empty when it has none.</param>
    internal sealed record Option(string Name, string Type, string Summary);
}
