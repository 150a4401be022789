using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MailCloud.Benchmarks.Cluster;

namespace MailCloud.Benchmarks.Servers;

/// <summary>A cluster from its Release build, run by deploy/local/cluster.sh: each service as processes of its own, on RabbitMQ, Redis and Azurite.</summary>
internal sealed class ClusterServer : IAsyncDisposable
{
    private const int Edges = 2;
    private static readonly string[] Backing = ["rabbitmq", "redis", "azurite"];
    private static readonly string Script = Path.Combine(Repository.Root, "deploy", "local", "cluster.sh");
    private readonly string folder;
    private readonly int portOffset;
    private readonly SortedDictionary<string, int> processes = new(StringComparer.Ordinal);

    private ClusterServer(string folder, int portOffset)
    {
        this.folder = folder;
        this.portOffset = portOffset;
        Smtp = [.. Enumerable.Range(0, Edges).Select(edge => new IPEndPoint(IPAddress.Loopback, 2525 + portOffset + (100 * edge)))];
        Imap = [.. Enumerable.Range(0, Edges).Select(edge => new IPEndPoint(IPAddress.Loopback, 2143 + portOffset + (100 * edge)))];
        Admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{8081 + portOffset}"), Timeout = TimeSpan.FromMinutes(10) };
    }

    public IReadOnlyList<IPEndPoint> Smtp { get; }
    public IReadOnlyList<IPEndPoint> Imap { get; }

    /// <summary>The admin API, with its token.</summary>
    public HttpClient Admin { get; }

    private string AccessLog => Path.Combine(folder, "log", "azurite.log");

    /// <param name="folder">Its data, fresh or of an earlier run.</param>
    public static async Task<ClusterServer> StartAsync(string folder, int portOffset, int silos, CancellationToken cancellationToken)
    {
        var cluster = new ClusterServer(folder, portOffset);
        try
        {
            // With many accounts the emulator would do little but write its tables down.
            await cluster.ScriptAsync("up", cancellationToken, $"--Silos={silos}", "--AccessLog", "--SaveEvery=900", "--no-build");
            var token = await File.ReadAllTextAsync(Path.Combine(folder, "admin-token"), cancellationToken);
            cluster.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
            foreach (var (name, pid) in cluster.Pids())
            {
                cluster.processes.Add(name, pid);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more of a kind and returns when it is ready. What it uses stands in no usage.</summary>
    public Task AddAsync(string kind, CancellationToken cancellationToken) => Launch.RunAsync("bash", [Script, "add", kind, $"--PortOffset={portOffset}", $"--Data={folder}"], cancellationToken);

    /// <summary>Whether this kind of process is none of ours, but what ours stand on.</summary>
    public static bool IsBacking(string kind) => Backing.Contains(kind);

    /// <summary>Entries of the delivery queue that are not done.</summary>
    public async Task<long> WaitingAsync(CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await Admin.GetStringAsync(new Uri("/admin/v1/queue", UriKind.Relative), cancellationToken));
        return json.RootElement.GetProperty("waiting").GetInt64();
    }

    public ClusterMark Mark() => new(CpuSeconds(), Machine.GeneratorCpuSeconds, new FileInfo(AccessLog).Length);

    /// <summary>What was used since; fails when a process has ended meanwhile, whose time would be missing.</summary>
    public ClusterUsage Since(ClusterMark mark)
    {
        if (!Pids().OrderBy(process => process.Name, StringComparer.Ordinal).SequenceEqual(processes.Select(process => (process.Key, process.Value))))
        {
            throw new UnexpectedAnswerException($"a process of the cluster has ended; see {Path.Combine(folder, "log", "supervisor.log")}");
        }

        return new(
            CpuSeconds().ToDictionary(kind => kind.Key, kind => kind.Value - mark.CpuSeconds[kind.Key]),
            Machine.GeneratorCpuSeconds - mark.GeneratorCpuSeconds,
            StorageOperations.Read(AccessLog, mark.LogLength));
    }

    /// <summary>Bytes of memory of each process and its children (PSS).</summary>
    public IEnumerable<(string Name, long Bytes)> Memory() => processes.Select(process => (process.Key, new ProcessTree([process.Value]).Memory()));

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await ScriptAsync("down", CancellationToken.None);
    }

    private Dictionary<string, double> CpuSeconds() => processes.GroupBy(process => Kind(process.Key))
        .ToDictionary(kind => kind.Key, kind => new ProcessTree([.. kind.Select(process => process.Value)]).Usage().CpuSeconds);

    /// <summary>smtp-ingress of smtp-ingress-2.</summary>
    private static string Kind(string name) => char.IsAsciiDigit(name[^1]) ? name[..name.LastIndexOf('-')] : name;

    private IEnumerable<(string Name, int Pid)> Pids() => Directory.GetFiles(Path.Combine(folder, "run"), "*.pid")
        .Select(file => (Path.GetFileNameWithoutExtension(file), int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)));

    private Task<string> ScriptAsync(string command, CancellationToken cancellationToken, params string[] arguments) =>
        Launch.RunAsync("bash", [Script, command, $"--PortOffset={portOffset}", $"--Data={folder}", .. arguments], cancellationToken);
}
