using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Monitoring;

/// <summary>What an operator looks at, asked of a real Prometheus: every query of every dashboard, every alert rule.</summary>
public sealed partial class DashboardTests(ITestOutputHelper output)
{
    /// <summary>What a query has that a quiet hour of one process has no values of, and why.</summary>
    private static readonly (string Part, string Because)[] Silent =
    [
        ("mailcloud_azurestorage_", "a cluster's store"),
        ("mailcloud_blobs_", "a cluster's store"),
        ("mailcloud_queue_", "a cluster's broker"),
        ("orleans_gateway_connected_clients", "a cluster's clients"),
        ("orleans_client_connected_gateways", "a cluster's clients"),
        ("mailcloud_journal_doubts_total", "a write must fail"),
        ("orleans_app_requests_timedout_total", "a silo must hang"),
        ("orleans_messaging_", "a silo must be lost"),
        ("mailcloud_relay_in_doubt_total", "a host must break off after the final dot"),
        ("_suppressed_total", "an address must be refused by its own host"),
        ("mailcloud_tracing_dropped_total", "a buffer must overflow"),
        ("mailcloud_standing_logins_lost_total", "a grain must not answer"),
        ("mailcloud_limiter_lessons_total", "a provider must refuse connections"),
        ("mailcloud_credentials_refused_total", "a thousand logins must wait"),
        ("mailcloud_imap_refused_total", "ten thousand sessions"),
        ("mailcloud_pop3_refused_total", "ten thousand sessions"),
        ("mailcloud_oidc_", "a tenant with an issuer"),
        ("http_response_status_code=~\"5..\"", "a request must fail"),
        ("orleans_catalog_activation_created_total", "a grain must be new within the last seconds"),
    ];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Every_query_and_rule_is_answered_while_mail_passes()
    {
        await using var traffic = await MailTraffic.StartAsync();
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 18800, arguments: traffic.Settings);
        await using var prometheus = await PrometheusServer.StartAsync(9090 + server.Offset, new Uri(server.AdminUrl).Authority);
        await PrometheusServer.UntilAsync(async () => (await prometheus.QueryAsync("up == 1")).Count == 1, Limit);

        await MailTraffic.RoundAsync(server, 1);
        await ScrapedAsync(prometheus, times: 1);
        await MailTraffic.RoundAsync(server, 2);
        await ScrapedAsync(prometheus, times: 2);
        await MailTraffic.BeCappedAsync(server);

        var queries = Panels().Distinct().Where(query => !Silent.Any(silent => query.Contains(silent.Part, StringComparison.Ordinal))).ToList();
        List<string> unanswered = queries;
        try
        {
            await PrometheusServer.UntilAsync(async () => (unanswered = await UnansweredAsync(prometheus, unanswered)).Count == 0, Limit);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"nothing is said to\n{string.Join('\n', unanswered)}");
        }

        await Task.WhenAll(Panels().Select(prometheus.QueryAsync));
        output.WriteLine($"{queries.Count} queries have values; of {Panels().Distinct().Count() - queries.Count} others Prometheus takes the form");
        await RulesAreGoodAsync(prometheus);
        server.Kill();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public void Whatever_is_silent_is_asked_for() => Assert.Empty(Silent.Where(silent => !Panels().Any(query => query.Contains(silent.Part, StringComparison.Ordinal))));

    [Fact]
    public async Task Promtool_takes_the_rules_and_they_fire_when_they_should()
    {
        await MailClients.RunAsync("promtool", "check", "rules", "--lint=all", "--lint-fatal", Path.Combine(PrometheusServer.Folder, "alerts.yaml"));
        await MailClients.RunAsync("promtool", "test", "rules", Path.Combine(PrometheusServer.Folder, "alerts.test.yaml"));
    }

    /// <summary>None is in error, none fires, and what they look at is there.</summary>
    private static async Task RulesAreGoodAsync(PrometheusServer prometheus)
    {
        IReadOnlyList<AlertRule> rules = [];
        await PrometheusServer.UntilAsync(async () => (rules = await prometheus.RulesAsync()).All(rule => rule.Health != "unknown"), Limit);
        Assert.NotEmpty(rules);
        Assert.Empty(rules.Where(rule => rule.Health != "ok" || rule.State == "firing"));

        var metrics = rules.SelectMany(rule => OwnMetric().Matches(rule.Query)).Select(match => match.Value).Distinct().Where(metric => !Silent.Any(silent => metric.StartsWith(silent.Part, StringComparison.Ordinal)));
        Assert.Empty(await UnansweredAsync(prometheus, metrics));
    }

    private static async Task<List<string>> UnansweredAsync(PrometheusServer prometheus, IEnumerable<string> queries)
    {
        var unanswered = new List<string>();
        foreach (var query in queries)
        {
            if ((await prometheus.QueryAsync(query)).Count == 0)
            {
                unanswered.Add(query);
            }
        }

        return unanswered;
    }

    /// <summary>What each round ends with has been seen.</summary>
    private static async Task ScrapedAsync(PrometheusServer prometheus, int times)
    {
        foreach (var seen in (string[])
        [
            $"mailcloud_relay_attempts_total{{outcome=\"delivered\"}} >= {times}", $"mailcloud_relay_attempts_total{{outcome=\"failed\"}} >= {2 * times}", "mailcloud_relay_attempts_total{outcome=\"deferred\"}",
            $"mailcloud_pop3_removed_total >= {times}", $"sum(mailcloud_delivery_filings_total) >= {2 * times}", "http_server_request_duration_seconds_count{http_route=\"/\"}", "mailcloud_spool_entries{kind=\"outbound\"}",
            $"mailcloud_credentials_delay_seconds_count >= {times}", "mailcloud_health", "mailcloud_delivery_queue",
        ])
        {
            await PrometheusServer.UntilAsync(async () => (await prometheus.QueryAsync(seen)).Count > 0, Limit, seen);
        }
    }

    /// <summary>The queries of all panels, for all services and tenants, over the time of the test.</summary>
    private static IEnumerable<string> Panels()
    {
        foreach (var file in Directory.EnumerateFiles(PrometheusServer.Folder, "*.json"))
        {
            using var dashboard = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
            {
                foreach (var target in panel.GetProperty("targets").EnumerateArray())
                {
                    yield return target.GetProperty("expr").GetString()!
                        .Replace("$service", ".*", StringComparison.Ordinal).Replace("$tenant", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "2m", StringComparison.Ordinal);
                }
            }
        }
    }

    // mailcloud_tenant is a label.
    [GeneratedRegex(@"\bmailcloud_(?!tenant\b)\w+")]
    private static partial Regex OwnMetric();
}
