using System.ComponentModel.DataAnnotations;
using System.Net;
using k8s;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting.Kubernetes;
using Orleans.Runtime;

namespace MailCloud.Cluster.Tests;

/// <summary>A silo as a pod, before a Kubernetes API that is not one. It takes the variables of the process, so that nothing runs beside it.</summary>
[Collection(nameof(TakenEnvironment))]
public sealed class KubernetesTests : IClassFixture<RedisServer>, IDisposable
{
    private const string PodName = "mailboxes-1";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, string> variables = new()
    {
        ["POD_NAME"] = PodName,
        ["POD_NAMESPACE"] = ApiServer.Namespace,
        ["POD_IP"] = "127.0.0.1",
        ["KUBERNETES_SERVICE_HOST"] = "127.0.0.1",
    };

    private readonly string id = Guid.NewGuid().ToString("N");
    private readonly RedisServer redis;

    public KubernetesTests(RedisServer redis)
    {
        this.redis = redis;
        Set(variable => variable.Value);
    }

    public void Dispose() => Set(_ => null);

    [Fact]
    public async Task A_silo_that_starts_declares_those_dead_that_have_no_pod()
    {
        await using var api = new ApiServer();
        api.Add(PodName, id);
        await api.StartAsync();
        using var silo = Build(api);
        var table = silo.Services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, default);
        var gone = await InsertAsync(table, "mailboxes-0");

        await silo.StartAsync().WaitAsync(Limit);

        var rows = (await table.ReadAllAsync(default)).Members.ToDictionary(row => row.Item1.SiloAddress, row => row.Item1);
        Assert.Equal(SiloStatus.Dead, rows[gone].Status);
        Assert.Equal(SiloStatus.Active, Assert.Single(rows.Values, row => row.SiloName == PodName).Status);
        Assert.Empty(api.Changes);
        await silo.StopAsync();
    }

    [Fact]
    public async Task A_silo_waits_for_an_API_that_is_away_and_runs_on_without_it()
    {
        await using var api = new ApiServer();
        api.Add(PodName, id);
        using var silo = Build(api);
        var starting = silo.StartAsync();
        var waiting = silo.Services.GetRequiredService<Warnings>().Contains("and the start waits");
        await waiting.WaitAsync(Limit);
        Assert.False(starting.IsCompleted);

        await api.StartAsync();
        await starting.WaitAsync(Limit);
        await api.DisposeAsync();
        var hosts = await silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).WaitAsync(Limit);
        Assert.Single(hosts);
        await silo.StopAsync();
    }

    [Fact]
    public async Task A_service_account_without_the_right_ends_the_start()
    {
        await using var api = new ApiServer();
        api.Add(PodName, id);
        api.IsForbidden = true;
        await api.StartAsync();
        using var silo = Build(api);
        Assert.Contains("give it a Role", (await FailureAsync(silo)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_of_another_cluster_end_the_start()
    {
        await using var api = new ApiServer();
        api.Add(PodName, "another");
        await api.StartAsync();
        using var silo = Build(api);
        Assert.Contains($"orleans/serviceId is not '{id}'", (await FailureAsync(silo)).Message, StringComparison.Ordinal);
        Assert.Empty(api.Changes);
    }

    private static void Set(Func<KeyValuePair<string, string>, string?> value)
    {
        foreach (var variable in variables)
        {
            Environment.SetEnvironmentVariable(variable.Key, value(variable));
        }
    }

    private static Task<ValidationException> FailureAsync(IHost silo) => Assert.ThrowsAsync<ValidationException>(() => silo.StartAsync().WaitAsync(Limit));

    /// <summary>A silo's row without a silo: nobody listens at its address.</summary>
    private static async Task<SiloAddress> InsertAsync(IMembershipTable table, string name)
    {
        var address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, FreePort.Find()), SiloAddress.AllocateNewGeneration());
        var row = new MembershipEntry
        {
            SiloAddress = address,
            SiloName = name,
            HostName = name,
            Status = SiloStatus.Active,
            StartTime = DateTime.UtcNow,
            IAmAliveTime = DateTime.UtcNow,
            SuspectTimes = [],
        };
        Assert.True(await table.InsertRowAsync(row, (await table.ReadAllAsync(default)).Version.Next(), default));
        return address;
    }

    private IHost Build(ApiServer api)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        var warnings = new Warnings();
        builder.Logging.AddProvider(warnings);
        builder.Services.AddSingleton(warnings);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Cluster:Redis", redis.Configuration), new("Cluster:Id", id), new("Cluster:Kubernetes", "true"),
            new("Cluster:Silo", $"127.0.0.1:{FreePort.Find()}"), new("Cluster:Gateway", $"127.0.0.1:{FreePort.Find()}"),
        ]);
        builder.AddClusterSilo();
        builder.Services.Configure<KubernetesHostingOptions>(hosting => hosting.GetClientConfiguration = () => new KubernetesClientConfiguration { Host = api.Address });
        return builder.Build();
    }

    /// <summary>What was logged, from warnings on.</summary>
    private sealed class Warnings : ILoggerProvider, ILogger
    {
        private readonly Lock gate = new();
        private readonly List<string> lines = [];
        private readonly List<(string Text, TaskCompletionSource Seen)> awaited = [];

        public Task Contains(string text)
        {
            lock (gate)
            {
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                awaited.Add((text, seen));
                if (lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
                {
                    seen.SetResult();
                }

                return seen.Task;
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (gate)
            {
                var line = formatter(state, exception);
                lines.Add(line);
                awaited.FindAll(wait => line.Contains(wait.Text, StringComparison.Ordinal)).ForEach(wait => wait.Seen.TrySetResult());
            }
        }

        public void Dispose()
        {
        }
    }
}

[CollectionDefinition(nameof(TakenEnvironment), DisableParallelization = true)]
public sealed class TakenEnvironment;
