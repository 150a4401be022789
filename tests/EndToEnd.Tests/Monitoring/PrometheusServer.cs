using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace MailCloud.EndToEnd.Tests.Monitoring;

/// <summary>Debian's Prometheus, which scrapes every second and knows the alert rules of deploy/grafana.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    public static readonly string Folder = Path.Combine(ServerProcess.RepositoryRoot, "deploy", "grafana");

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("mailcloud-prometheus-");
    private readonly HttpClient client;
    private readonly Process process;
    private readonly Task<string> errors;

    private PrometheusServer(int port, IEnumerable<string> targets)
    {
        var configuration = Path.Combine(data.FullName, "prometheus.yml");
        File.WriteAllText(configuration, $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["{{Path.Combine(Folder, "alerts.yaml")}}"]
            scrape_configs: [{job_name: mailcloud, static_configs: [{targets: ["{{string.Join("\", \"", targets)}}"]}]}]
            """);
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        client = new() { BaseAddress = new($"http://{address}/") };
        process = Process.Start(new ProcessStartInfo("prometheus",
            [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(data.FullName, "tsdb")}", $"--web.listen-address={address}", "--log.level=warn"])
        { RedirectStandardError = true })!;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <param name="port">Where it listens.</param>
    /// <param name="targets">What it scrapes, <c>host:port</c>.</param>
    public static async Task<PrometheusServer> StartAsync(int port, params string[] targets)
    {
        var server = new PrometheusServer(port, targets);
        try
        {
            await UntilAsync(server.IsReadyAsync, StartLimit);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Looks until something holds.</summary>
    /// <exception cref="TimeoutException">It did not within the limit; it names what was awaited.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, [CallerArgumentExpression(nameof(condition))] string awaited = "")
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
            {
                throw new TimeoutException($"{limit}: {awaited}");
            }

            await Task.Delay(LookEvery);
        }
    }

    /// <summary>The values that a query has now; numbers that are none are left out.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        using var answer = await client.GetAsync(new Uri($"api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{expression}: {text}");
        using var json = JsonDocument.Parse(text);
        var data = json.RootElement.GetProperty("data");
        IEnumerable<JsonElement> samples = data.GetProperty("resultType").GetString() == "scalar" ? [data.GetProperty("result")] : data.GetProperty("result").EnumerateArray().Select(series => series.GetProperty("value"));
        return [.. samples.Select(sample => double.Parse(sample[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)).Where(value => !double.IsNaN(value))];
    }

    /// <summary>The alert rules as it has read them.</summary>
    public async Task<IReadOnlyList<AlertRule>> RulesAsync()
    {
        using var json = JsonDocument.Parse(await client.GetStringAsync(new Uri("api/v1/rules", UriKind.Relative)));
        return
        [
            .. from @group in json.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray()
               from rule in @group.GetProperty("rules").EnumerateArray()
               select new AlertRule(
                   rule.GetProperty("name").GetString()!, rule.GetProperty("query").GetString()!, rule.GetProperty("health").GetString()!, rule.GetProperty("state").GetString()!,
                   rule.TryGetProperty("lastError", out var error) ? error.GetString()! : ""),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        await errors;
        process.Dispose();
        client.Dispose();
        data.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (process.HasExited)
        {
            throw new InvalidOperationException($"Prometheus has ended: {await errors}");
        }

        try
        {
            using var answer = await client.GetAsync(new Uri("-/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

/// <param name="Name">The alert's.</param>
/// <param name="Query">When it fires.</param>
/// <param name="Health"><c>unknown</c> until it was evaluated, then <c>ok</c> or <c>err</c>.</param>
/// <param name="State"><c>inactive</c>, <c>pending</c> or <c>firing</c>.</param>
/// <param name="Error">What was wrong.</param>
internal sealed record AlertRule(string Name, string Query, string Health, string State, string Error);
