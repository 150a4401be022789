using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace MailCloud.Architecture.Tests;

/// <summary>Dashboards, alerts and runbooks against the instruments of the sources, and against each other: a metric that is not there shows nothing and fires never, without a word.</summary>
public sealed partial class MonitoringTests
{
    private const string Folder = "deploy/grafana";
    private const string Runbooks = "deploy/runbooks";

    /// <summary>What .NET, ASP.NET Core, Kestrel, Orleans and Prometheus itself have; the end-to-end test asks for them.</summary>
    private static readonly string[] Others =
    [
        "up", "target_info", "ALERTS",
        "dotnet_exceptions_total", "dotnet_gc_heap_total_allocated_bytes_total", "dotnet_gc_last_collection_heap_size_bytes", "dotnet_gc_pause_time_seconds_total", "dotnet_process_cpu_time_seconds_total",
        "dotnet_process_memory_working_set_bytes", "dotnet_thread_pool_queue_length_total", "dotnet_thread_pool_thread_count_total",
        "http_server_active_requests", "http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds_count", "kestrel_active_connections", "kestrel_queued_connections",
        "orleans_app_requests_latency_milliseconds_bucket", "orleans_app_requests_timedout_total", "orleans_catalog_activation_created_total", "orleans_catalog_activation_latency_milliseconds_bucket",
        "orleans_catalog_activations", "orleans_client_connected_gateways", "orleans_consistent_ring_size", "orleans_gateway_connected_clients", "orleans_messaging_expired_total",
        "orleans_messaging_rejected_total", "orleans_messaging_rerouted_total",
    ];

    /// <summary>Words of PromQL that are neither functions nor metrics.</summary>
    private static readonly string[] Words = ["and", "or", "unless", "offset", "bool", "group_left", "group_right"];

    private static readonly List<Instrument> Instruments =
    [
        .. from file in Repository.Files("services", "*.cs").Concat(Repository.Files("shared", "*.cs"))
           from Match made in Made().Matches(Repository.Read(file))
           from protocol in made.Groups["name"].Value.Contains("{protocol}", StringComparison.Ordinal) ? (string[])["imap", "pop3"] : [""]
           select new Instrument(
               file, made.Groups["name"].Value.Replace("{protocol}", protocol, StringComparison.Ordinal), made.Groups["kind"].Value, Unit().Match(made.Groups["rest"].Value).Groups["unit"].Value),
    ];

    private static readonly List<(string File, string Query)> Panels =
    [
        .. from file in Repository.Files(Folder, "*.json")
           from target in Targets(file)
           select (file, target),
    ];

    private static readonly List<Alert> Alerts = ReadAlerts();

    private static IEnumerable<string> Pages => Repository.Files(Runbooks, "*.md").Select(Repository.NameOf).Where(page => page != "README");

    [Fact]
    public void Every_metric_of_a_panel_or_an_alert_exists()
    {
        var known = Instruments.SelectMany(instrument => instrument.Series).Concat(Others).ToHashSet(StringComparer.Ordinal);
        var unknown = from asked in Panels.Concat(Alerts.Select(alert => (File: alert.Name, alert.Query)))
                      from metric in MetricsOf(asked.Query)
                      where !known.Contains(metric)
                      select $"{asked.File}: {metric}";
        Assert.Empty(unknown);
    }

    [Fact]
    public void Every_instrument_stands_on_a_panel()
    {
        var shown = Panels.SelectMany(panel => MetricsOf(panel.Query)).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(Instruments.Where(instrument => !instrument.Series.Any(shown.Contains)).Select(instrument => instrument.Name));
    }

    [Fact]
    public void Every_instrument_stands_in_the_table_of_its_folder()
    {
        var missing = from instrument in Instruments
                      let page = Repository.Read($"{string.Join('/', instrument.File.Split('/')[..2])}/README.md")
                      where !page.Contains($"| `{instrument.Name}` |", StringComparison.Ordinal)
                      select $"{instrument.File}: {instrument.Name}";
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_query_is_whole() => Assert.Empty(Panels.Select(panel => panel.Query).Concat(Alerts.Select(alert => alert.Query)).Where(query => !IsWhole(query)));

    [Fact]
    public void Every_alert_says_what_it_is_how_bad_it_is_and_where_to_read_on()
    {
        var incomplete = Alerts.Where(alert => alert.Severity is not ("critical" or "warning") || alert.Summary.Length == 0 || !alert.Description.EndsWith('.') || alert.Runbook != $"{Runbooks}/{alert.Name}.md");
        Assert.Empty(incomplete.Select(alert => alert.Name));
    }

    [Fact]
    public void Every_alert_has_a_page_and_every_page_an_alert_and_a_line_in_the_index()
    {
        var names = Alerts.Select(alert => alert.Name).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(names, Pages.Order(StringComparer.Ordinal));
        Assert.Equal(names, IndexRow().Matches(Repository.Read($"{Runbooks}/README.md")).Select(row => row.Groups["page"].Value).Order(StringComparer.Ordinal));
    }

    /// <summary>That it fires, by <c>promtool test rules</c>.</summary>
    [Fact]
    public void Every_alert_is_seen_firing()
    {
        var fired = FiredAlert().Matches(Repository.Read($"{Folder}/alerts.test.yaml")).Select(match => match.Groups["alert"].Value);
        Assert.Empty(Alerts.Select(alert => alert.Name).Except(fired));
    }

    [Fact]
    public void Every_command_of_a_runbook_is_one_that_mailcloud_has()
    {
        var sources = string.Concat(Repository.Files("services/Cli", "*.cs").Select(Repository.Read));
        var known = CommandName().Matches(sources).Concat(OptionName().Matches(sources)).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        var unknown = from page in Pages
                      from Match line in CommandLine().Matches(Repository.Read($"{Runbooks}/{page}.md"))
                      from word in line.Groups["words"].Value.Split(' ')
                      where (word.StartsWith("--", StringComparison.Ordinal) || word.All(letter => letter is '-' or (>= 'a' and <= 'z'))) && !IsValue(word) && !known.Contains(word)
                      select $"{page}: {word}";
        Assert.Empty(unknown);
    }

    [Fact]
    public void Dashboards_choose_their_data_source_and_service_and_are_told_apart()
    {
        var files = Repository.Files(Folder, "*.json");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            using var dashboard = JsonDocument.Parse(Repository.Read(file));
            var root = dashboard.RootElement;
            Assert.Equal(Repository.NameOf(file), root.GetProperty("uid").GetString());
            Assert.Superset(new HashSet<string?> { "datasource", "service" }, root.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => variable.GetProperty("name").GetString()).ToHashSet());
            var panels = root.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)).ToList();
            Assert.All(panels, panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));
            Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        }

        Assert.Contains(files, file => file.EndsWith("/mailcloud-overview.json", StringComparison.Ordinal));
    }

    [Fact]
    public void Instruments_are_found()
    {
        Assert.Contains(Instruments, instrument => instrument.Series.Contains("mailcloud_pop3_command_duration_seconds_bucket"));
        Assert.Contains(Instruments, instrument => instrument.Series.Contains("mailcloud_azurestorage_operation_duration_seconds_count"));
        Assert.Contains(Instruments, instrument => instrument.Series.Contains("mailcloud_smtp_octets_bytes_total"));
        Assert.Contains(Instruments, instrument => instrument.Series.Contains("mailcloud_health"));
    }

    private static IEnumerable<string> Targets(string file)
    {
        using var dashboard = JsonDocument.Parse(Repository.Read(file));
        foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return target.GetProperty("expr").GetString()!;
            }
        }
    }

    private static List<Alert> ReadAlerts()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Repository.Read($"{Folder}/alerts.yaml")));
        return
        [
            .. from @group in (YamlSequenceNode)stream.Documents[0].RootNode["groups"]
               from rule in (YamlSequenceNode)@group["rules"]
               let notes = rule["annotations"]
               select new Alert(
                   rule["alert"].ToString(), rule["expr"].ToString(), rule["labels"]["severity"].ToString(), notes["summary"].ToString(), notes["description"].ToString(), notes["runbook"].ToString()),
        ];
    }

    /// <summary>What is left of a query without its strings, labels, ranges, functions and words.</summary>
    private static IEnumerable<string> MetricsOf(string query) =>
        Name().Matches(NoMetric().Replace(query, " ")).Where(match => !match.Groups["call"].Success).Select(match => match.Groups["name"].Value).Except(Words);

    private static bool IsWhole(string query)
    {
        var open = new Stack<char>();
        foreach (var letter in Quoted().Replace(query, ""))
        {
            if (letter is '(' or '[' or '{')
            {
                open.Push(letter is '(' ? ')' : letter is '[' ? ']' : '}');
            }
            else if (letter is ')' or ']' or '}' && (open.Count == 0 || open.Pop() != letter))
            {
                return false;
            }
        }

        return open.Count == 0 && query.Count(letter => letter == '"') % 2 == 0;
    }

    /// <summary>Values of options, such as kinds and states.</summary>
    private static bool IsValue(string word) => word is "local" or "outbound" or "suspended" or "receive-only";

    [GeneratedRegex(@"Create(?<kind>Counter|UpDownCounter|Histogram|Gauge|ObservableGauge|ObservableCounter|ObservableUpDownCounter)(?:<\w+>)?\(\s*\$?""(?<name>mailcloud\.[^""]+)""(?<rest>.*?)\);", RegexOptions.Singleline)]
    private static partial Regex Made();

    [GeneratedRegex("\"(?<unit>s|By|\\{\\w+\\})\"")]
    private static partial Regex Unit();

    [GeneratedRegex("""
        "[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\b[0-9][0-9.a-z]*\b
        """)]
    private static partial Regex NoMetric();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b(?<name>[a-zA-Z_]\w*)\b(?<call>\s*\()?")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\| \[(?<page>\w+)\]\(\k<page>\.md\) \|", RegexOptions.Multiline)]
    private static partial Regex IndexRow();

    [GeneratedRegex(@"labels: .*alertname=""(?<alert>\w+)""")]
    private static partial Regex FiredAlert();

    [GeneratedRegex(@"\bnew(?: Command)?\(""(?<name>[a-z][a-z-]*)"",")]
    private static partial Regex CommandName();

    [GeneratedRegex(@"""(?<name>--[a-z-]+)""")]
    private static partial Regex OptionName();

    [GeneratedRegex("`mailcloud (?<words>[^`]+)`")]
    private static partial Regex CommandLine();

    private sealed record Alert(string Name, string Query, string Severity, string Summary, string Description, string Runbook);

    private sealed record Instrument(string File, string Name, string Kind, string Unit)
    {
        /// <summary>Its names in Prometheus, by the rules of OpenTelemetry: a unit is a suffix, in words, unless it is one of things; what only grows is a total.</summary>
        public IEnumerable<string> Series
        {
            get
            {
                var name = Name.Replace('.', '_') + Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
                return Kind switch
                {
                    "Counter" or "ObservableCounter" => [name + "_total"],
                    "Histogram" => [name + "_bucket", name + "_sum", name + "_count"],
                    _ => [name],
                };
            }
        }
    }
}
