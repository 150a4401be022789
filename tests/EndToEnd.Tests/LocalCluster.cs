using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using MailCloud.Testing;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Signals of Linux (signal(7)) that end, stop and continue processes.</summary>
internal enum PosixSignalNumber
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>
/// A whole cluster on this machine, started by <c>deploy/local/cluster.sh</c>: backing services and services as processes of their own, which the script starts again when they end.
/// Names are the script's: <c>mailboxes-1</c>, <c>smtp-ingress-2</c>, <c>redis</c> …
/// </summary>
internal sealed class LocalCluster : IAdministered, IAsyncDisposable
{
    private static readonly string Script = Path.Combine(ServerProcess.RepositoryRoot, "deploy", "local", "cluster.sh");

    /// <summary>Installs, where it is the first, and starts one after the other on a busy machine.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(6);

    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(4);

    /// <summary>How often a file or a page is looked at that tells of a process.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient health = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly bool keep;
    private readonly IReadOnlyDictionary<string, string>? settings;

    private LocalCluster(string data, int offset, bool keep, IReadOnlyDictionary<string, string>? settings) =>
        (Data, Offset, this.keep, this.settings) = (data, offset, keep, settings);

    /// <summary>Settings without limits of rates, for tests that send more than a client may.</summary>
    public static Dictionary<string, string> NoRateLimits =>
        ServerProcess.NoRateLimits.Select(argument => argument[2..].Split('=')).ToDictionary(setting => setting[0].Replace(":", "__", StringComparison.Ordinal), setting => setting[1]);

    public string Data { get; }

    public int Offset { get; }

    public string AdminUrl => $"http://127.0.0.1:{8081 + Offset}";

    public string TokenFile => Path.Combine(Data, "admin-token");

    /// <param name="edge">1, 2, and those added.</param>
    public int Smtp(int edge) => Edge(2525, edge);

    public int Submission(int edge) => Edge(2587, edge);

    public int Imap(int edge) => Edge(2143, edge);

    public int Pop3(int edge) => Edge(2110, edge);

    public int Redis => 6379 + Offset;

    /// <summary>Options of a silo that say where this cluster's stores are, and addresses that nothing uses.</summary>
    public IReadOnlyList<string> StoreArguments =>
    [
        $"--AzureStorage:ConnectionString={Azurite.ConnectionString(10000 + Offset)}", $"--RabbitMq:Hosts:0=127.0.0.1:{5672 + Offset}", $"--Cluster:Redis=127.0.0.1:{Redis}",
        $"--Cluster:Silo=127.0.0.1:{FreePort.Find()}", $"--Cluster:Gateway=127.0.0.1:{FreePort.Find()}", $"--Hosting:Health=127.0.0.1:{FreePort.Find()}",
    ];

    /// <summary>Starts what is built and returns when all of it is ready, with the demo tenant in it.</summary>
    /// <param name="offset">Its port offset; each further edge listens 100 above the one before. None of its ports (the highest is 11,130) may reach 32,768, which the script checks.</param>
    /// <param name="data">Its data folder, which is kept at the end; none: a new one, which is removed.</param>
    /// <param name="settings">Settings of all services, as environment: <c>Smtp__MessagesPerMinute</c>.</param>
    public static async Task<LocalCluster> StartAsync(int offset, string? data = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var cluster = new LocalCluster(data ?? Directory.CreateTempSubdirectory("mailcloud-cluster-").FullName, offset, keep: data is not null, settings);
        try
        {
            await cluster.RunAsync(["up"], StartLimit, "--no-build");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more of a kind, <c>mailboxes</c> for example, with the settings of the others, and returns when it is ready.</summary>
    public Task AddAsync(string kind) => RunAsync(["add", kind], StartLimit);

    /// <summary>Ends what runs under a name in order, starts another build of it in its place, and returns when that is ready.</summary>
    /// <param name="programs">The builds of all services: as settings, like <c>MAILCLOUD_PROGRAM_Mailboxes</c>.</param>
    public Task UpgradeAsync(string name, IReadOnlyDictionary<string, string> programs) => RunAsync(["upgrade", name], StartLimit, programs, "--no-build");

    /// <summary>The process that runs under a name, or ran there last.</summary>
    public int ProcessId(string name) => int.Parse(File.ReadAllText(PidFile(name)), CultureInfo.InvariantCulture);

    /// <summary>The program that runs under a name and its arguments.</summary>
    public string CommandLine(string name) => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{ProcessId(name)}/cmdline")).Replace('\0', ' ');

    /// <summary>Sends a signal to the process that runs under a name.</summary>
    /// <returns>The process, to wait for its end with <see cref="EndedAsync"/>.</returns>
    public int Signal(string name, PosixSignalNumber signal)
    {
        var process = ProcessId(name);
        Assert.Equal(0, Kill(process, (int)signal));
        return process;
    }

    /// <summary>Returns when the script has started another process under the name, and says how the first one ended.</summary>
    /// <returns>Its exit code; 128 and the signal's number when it was killed.</returns>
    public async Task<int> EndedAsync(string name, int process, CancellationToken cancellationToken)
    {
        // The script writes the code before it waits and starts the next.
        while (!int.TryParse(await ReadAsync(PidFile(name), cancellationToken), CultureInfo.InvariantCulture, out var now) || now == process)
        {
            await Task.Delay(LookEvery, cancellationToken);
        }

        var lines = await File.ReadAllLinesAsync(Path.Combine(Data, "log", "supervisor.log"), cancellationToken);
        var last = lines.Last(line => line.Contains($" {name} ended with ", StringComparison.Ordinal));
        return int.Parse(last.Split(' ')[^1], CultureInfo.InvariantCulture);
    }

    /// <summary>Ends what runs under a name, and it is not started again before <see cref="LetStart"/>.</summary>
    public async Task HoldDownAsync(string name, PosixSignalNumber signal, CancellationToken cancellationToken)
    {
        Assert.Equal(0, Kill(LoopId(name), (int)PosixSignalNumber.Stop));
        var process = Signal(name, signal);
        while (await IsRunningAsync(process, cancellationToken))
        {
            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    public void LetStart(string name) => Assert.Equal(0, Kill(LoopId(name), (int)PosixSignalNumber.Continue));

    /// <summary>Returns when a service says that it is ready.</summary>
    public async Task ReadyAsync(string name, CancellationToken cancellationToken)
    {
        while (!await IsReadyAsync(name, cancellationToken))
        {
            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    public async Task<bool> IsReadyAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await health.GetAsync(Page(name, "/health/ready"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>A page beside a service's health pages.</summary>
    public Uri Page(string name, string path) => new($"http://127.0.0.1:{HealthPort(name)}{path}");

    public HttpClient Admin() => new()
    {
        BaseAddress = new Uri(AdminUrl),
        Timeout = TimeSpan.FromMinutes(5),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(TokenFile).Trim()) },
    };

    /// <summary>What a process has logged, of all its lives.</summary>
    public Task<string> LogAsync(string name) => ReadAsync(Path.Combine(Data, "log", name + ".log"), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        // What a test has stopped would not hear that it shall end.
        SignalAll(PosixSignalNumber.Continue, "*.pid");
        SignalAll(PosixSignalNumber.Continue, "*.loop");
        try
        {
            await RunAsync(["down"], StopLimit);
        }
        finally
        {
            // Where the script failed: the loops first, or they would start again what is ended here.
            SignalAll(PosixSignalNumber.Kill, "*.loop");
            SignalAll(PosixSignalNumber.Kill, "*.pid");
            health.Dispose();
            if (!keep)
            {
                Directory.Delete(Data, recursive: true);
            }
        }
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellationToken) =>
        File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : "";

    private Task RunAsync(string[] command, TimeSpan limit, params string[] options) => RunAsync(command, limit, new Dictionary<string, string>(), options);

    private async Task RunAsync(string[] command, TimeSpan limit, IReadOnlyDictionary<string, string> more, params string[] options)
    {
        var start = new ProcessStartInfo("bash", [Script, .. command, $"--PortOffset={Offset}", $"--Data={Data}", .. options]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in (settings ?? new Dictionary<string, string>()).Concat(more))
        {
            start.Environment[name] = value;
        }

        using var script = Process.Start(start)!;
        var (output, errors) = (script.StandardOutput.ReadToEndAsync(), script.StandardError.ReadToEndAsync());
        using var end = new CancellationTokenSource(limit);
        try
        {
            await script.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            script.Kill();
            throw new TimeoutException($"cluster.sh {command[0]} did not end within {limit}");
        }

        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"cluster.sh {command[0]} ended with {script.ExitCode}:\n{await output}{await errors}");
        }
    }

    private void SignalAll(PosixSignalNumber signal, string files)
    {
        var run = new DirectoryInfo(Path.Combine(Data, "run"));
        foreach (var file in run.Exists ? run.GetFiles(files) : [])
        {
            _ = Kill(ProcessId(file.FullName), (int)signal);
        }

        static int ProcessId(string file) => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
    }

    // One that has ended and that its stopped parent has not asked for is a zombie (proc(5), stat: the state stands behind the name).
    private static async Task<bool> IsRunningAsync(int process, CancellationToken cancellationToken)
    {
        var stat = await ReadAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"), cancellationToken);
        return stat.Length > 0 && stat[stat.LastIndexOf(')')..][2] != 'Z';
    }

    private int LoopId(string name) => int.Parse(File.ReadAllText(Path.Combine(Data, "run", name + ".loop")), CultureInfo.InvariantCulture);

    private string PidFile(string name) => Path.Combine(Data, "run", name + ".pid");

    private int Edge(int port, int edge) => port + Offset + (100 * (edge - 1));

    /// <summary>They stand in pairs, each pair 100 above the one before.</summary>
    private int HealthPort(string name)
    {
        var (kind, number) = (name[..name.LastIndexOf('-')], int.Parse(name.AsSpan(name.LastIndexOf('-') + 1), CultureInfo.InvariantCulture));
        var first = kind switch
        {
            "mailboxes" => 8091,
            "smtp-ingress" => 8093,
            "mailbox-access" => 8095,
            "local-delivery" => 8097,
            "outbound-relay" => 8099,
            "web" => 8081,
            _ => throw new ArgumentException($"{name} has no health pages", nameof(name)),
        };
        return Offset + first + ((number - 1) % 2) + (100 * ((number - 1) / 2));
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}

/// <summary>Tests that have a whole cluster have the machine for themselves: its fourteen processes would take the time of the others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class ClusterCollection
{
    public const string Name = "cluster";
}
