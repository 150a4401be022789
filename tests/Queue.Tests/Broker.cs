using System.Diagnostics;
using System.Globalization;
using MailCloud.Testing;

namespace MailCloud.Queue.Tests;

/// <summary>
/// A RabbitMQ server on free ports of the loopback, with a folder of its own; several may run beside each other. The server's own script is called and not Debian's, which would change to the
/// user rabbitmq and its folders.
/// </summary>
public sealed class Broker : IAsyncLifetime
{
    private const string Programs = "/usr/lib/rabbitmq/bin";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("mailcloud-rabbitmq-").FullName;
    private readonly int nodePort = FreePort.Find();
    private readonly int namesPort = FreePort.Find();
    private Process? server;

    public int Port { get; } = FreePort.Find();

    public async Task InitializeAsync()
    {
        foreach (var sub in new[] { "home", "data", "log" })
        {
            Directory.CreateDirectory(Path.Combine(folder, sub));
        }

        // Its alarm goes off by default when less than 50 MB are left; the tests set their own.
        await File.WriteAllTextAsync(Path.Combine(folder, "rabbitmq.conf"), $"listeners.tcp.1 = 127.0.0.1:{Port}\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "enabled_plugins"), "[].");
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await KillAsync();
        await RunAsync("/usr/bin/epmd", "-port", namesPort.ToString(CultureInfo.InvariantCulture), "-kill");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Returns when it takes connections.</summary>
    public async Task StartAsync()
    {
        var start = Command($"{Programs}/rabbitmq-server");
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        server = Process.Start(start)!;
        var ready = new TaskCompletionSource();
        var said = new List<string>();
        void Read(object _, DataReceivedEventArgs e)
        {
            lock (said)
            {
                said.Add(e.Data ?? "");
            }

            if (e.Data?.Contains("Server startup complete", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }

        server.OutputDataReceived += Read;
        server.ErrorDataReceived += Read;
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        if (await Task.WhenAny(ready.Task, server.WaitForExitAsync(), Task.Delay(StartTimeout)) != ready.Task)
        {
            lock (said)
            {
                throw new InvalidOperationException($"RabbitMQ did not start (is rabbitmq-server installed?): {string.Join('\n', said.TakeLast(30))}");
            }
        }
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        if (server is not null)
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
            server.Dispose();
            server = null;
        }
    }

    /// <param name="signal">STOP makes it hang, CONT lets it go on.</param>
    public void Signal(string signal)
    {
        // The script waits for the server, which is another process.
        using var kill = Process.Start("kill", ["-" + signal, File.ReadAllText(Path.Combine(folder, "pid")).Trim()]);
        kill.WaitForExit();
    }

    /// <summary>Runs rabbitmqctl and returns what it printed.</summary>
    public Task<string> ControlAsync(params string[] arguments) => RunAsync($"{Programs}/rabbitmqctl", ["--silent", .. arguments]);

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = Command(program);
        start.RedirectStandardOutput = true;
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
    }

    private ProcessStartInfo Command(string program)
    {
        var start = new ProcessStartInfo(program);
        foreach (var (name, value) in new Dictionary<string, object>
        {
            ["HOME"] = $"{folder}/home",
            ["RABBITMQ_NODENAME"] = $"mailcloud{Port}@localhost",
            ["RABBITMQ_DIST_PORT"] = nodePort,
            ["ERL_EPMD_PORT"] = namesPort,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_MNESIA_BASE"] = $"{folder}/data",
            ["RABBITMQ_LOG_BASE"] = $"{folder}/log",
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_PID_FILE"] = $"{folder}/pid",
            ["RABBITMQ_CONFIG_FILE"] = $"{folder}/rabbitmq.conf",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = $"{folder}/enabled_plugins",
        })
        {
            start.Environment[name] = Convert.ToString(value, CultureInfo.InvariantCulture);
        }

        return start;
    }
}

[CollectionDefinition(Name)]
public sealed class BrokerTests : ICollectionFixture<Broker>
{
    public const string Name = "broker";
}
