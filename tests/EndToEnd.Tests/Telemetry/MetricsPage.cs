using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>What <c>/metrics</c> says of this platform's instruments, and what the folders' README.md files promise of them.</summary>
internal static partial class MetricsPage
{
    /// <summary>Names in the pages that are no metric's.</summary>
    private static readonly Dictionary<string, string> others = new()
    {
        ["mailcloud.db"] = "a file of embedded storage",
        ["mailcloud.tenant"] = "a tag",
    };

    /// <summary>By the name that it has in the code and on the pages.</summary>
    public static IReadOnlyList<string> Promised() =>
    [
        .. new[] { "services", "shared" }
            .SelectMany(folder => Directory.GetDirectories(Path.Combine(ServerProcess.RepositoryRoot, folder)))
            .Select(folder => Path.Combine(folder, "README.md")).Where(File.Exists)
            .SelectMany(page => Name().Matches(File.ReadAllText(page)).Select(match => match.Groups[1].Value))
            .Except(others.Keys).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>A name as Prometheus has it, without unit and kind.</summary>
    public static string InPrometheus(string name) => name.Replace('.', '_');

    /// <summary>Each instrument's values, added up over its tags; of a histogram their count.</summary>
    public static Dictionary<string, double> Read(string page)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var sample in Sample().Matches(page).Where(sample => sample.Groups["kind"].Value is not ("_bucket" or "_sum")))
        {
            var name = sample.Groups["name"].Value;
            values[name] = values.GetValueOrDefault(name) + double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture);
        }

        return values;
    }

    [GeneratedRegex(@"`(mailcloud(?:\.[a-z_0-9]+)+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^(?<name>mailcloud_[a-z_0-9]+?)(?:_bytes|_seconds)?(?<kind>_total|_count|_sum|_bucket)?\{[^\n]*\} (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
