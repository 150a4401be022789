using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A built server in a process of its own, on a data folder that outlives it.</summary>
internal sealed class ServerProcess : IAdministered, IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Arguments of tests that send more from one address than one address should.</summary>
    public static readonly string[] NoRateLimits =
        ["--Smtp:SessionsPerMinute=1000000", "--Smtp:MessagesPerMinute=1000000", "--Smtp:MaxSessionsPerNetwork=1000"];

    private readonly Process process;
    private readonly List<string> output = [];

    private ServerProcess(Process process, string data, int offset) => (this.process, Data, Offset) = (process, data, offset);

    public string Data { get; }

    public int Offset { get; }

    public int ProcessId => process.Id;

    public TimeSpan ReadyAfter { get; private set; }

    public int Smtp => 2525 + Offset;

    public int Submission => 2587 + Offset;

    public int Submissions => 2465 + Offset;

    public int Imap => 2143 + Offset;

    public int Imaps => 2993 + Offset;

    public int Pop3 => 2110 + Offset;

    public int Pop3s => 2995 + Offset;

    public int Http => 8080 + Offset;

    public string AdminUrl => $"http://127.0.0.1:{8081 + Offset}";

    public string TokenFile => Path.Combine(Data, "admin-token");

    public string Output
    {
        get
        {
            lock (output)
            {
                return string.Join('\n', output);
            }
        }
    }

    public static string NewDataDirectory() => Directory.CreateTempSubdirectory("mailcloud-e2e-").FullName;

    /// <summary>The root of the repository, found upwards from the test's folder.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    public static string BuiltPath(string project) => Path.Combine(
        RepositoryRoot, project, "bin", Configuration(), "net10.0", $"MailCloud.{Path.GetFileName(project)}.dll");

    /// <summary>Starts a built project and returns when it says that it is ready.</summary>
    /// <param name="data">Its data folder.</param>
    /// <param name="offset">Its port offset; tests that run at the same time use different ones.</param>
    /// <param name="project">AllInOne, or the one with faults.</param>
    /// <param name="arguments">Further arguments of the server.</param>
    /// <param name="launcher">A command that starts it, such as strace with its options; empty for none.</param>
    public static async Task<ServerProcess> StartAsync(
        string data, int offset, string project = "services/AllInOne", IEnumerable<string>? arguments = null, IReadOnlyList<string>? launcher = null)
    {
        List<string> command =
            [.. launcher ?? [], "dotnet", BuiltPath(project), $"--Data={data}", $"--PortOffset={offset}", .. arguments ?? []];
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        var clock = Stopwatch.StartNew();
        var server = new ServerProcess(new Process { StartInfo = start }, data, offset);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.process.OutputDataReceived += (_, line) => server.Read(line.Data, ready);
        server.process.ErrorDataReceived += (_, line) => server.Read(line.Data, ready);
        server.process.Start();
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        var ended = server.process.WaitForExitAsync();
        await Task.WhenAny(ready.Task, ended, Task.Delay(StartLimit));
        if (!ready.Task.IsCompleted)
        {
            server.Kill();
            throw new InvalidOperationException($"the server did not get ready; it said:\n{server.Output}");
        }

        server.ReadyAfter = clock.Elapsed;
        return server;
    }

    public HttpClient Admin() => new()
    {
        BaseAddress = new Uri(AdminUrl),
        Timeout = TimeSpan.FromMinutes(5),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(TokenFile).Trim()) },
    };

    /// <summary>SIGKILL: nothing of it runs any further.</summary>
    public void Kill()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    /// <summary>SIGTERM, as an orchestrator stops it, and waits for its end.</summary>
    public async Task<int> TerminateAsync()
    {
        // A launcher such as strace does not pass the signal on: the server is its only child.
        var children = (await File.ReadAllTextAsync($"/proc/{process.Id}/task/{process.Id}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var server = children is [var child] ? int.Parse(child, CultureInfo.InvariantCulture) : process.Id;
        Assert.Equal(0, Signal(server, 15));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Read(string? line, TaskCompletionSource ready)
    {
        if (line is null)
        {
            return;
        }

        lock (output)
        {
            output.Add(line);
        }

        if (line.Contains("MailCloud is ready", StringComparison.Ordinal))
        {
            ready.TrySetResult();
        }
    }

    private static string Configuration() => AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MailCloud.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("no MailCloud.sln above the tests");
        }

        return directory.FullName;
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int pid, int signal);
}
