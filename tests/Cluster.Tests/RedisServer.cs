using System.Diagnostics;
using System.Globalization;
using MailCloud.Testing;
using StackExchange.Redis;

namespace MailCloud.Cluster.Tests;

/// <summary>Debian's redis-server on a free port of the loopback with a folder of its own, durable as a cluster wants it.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly string folder = Directory.CreateTempSubdirectory("mailcloud-redis-").FullName;
    private readonly int port = FreePort.Find();
    private Process? server;

    public string Configuration => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    public async Task InitializeAsync()
    {
        string[] arguments =
        [
            "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
        ];
        server = Process.Start(new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true })!;
        _ = server.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(StartTimeout);
        var options = ConfigurationOptions.Parse($"{Configuration},abortConnect=true,connectTimeout=1000");
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            try
            {
                await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
                return;
            }
            catch (RedisConnectionException)
            {
                // Not there yet.
            }
        }
    }

    /// <summary>As after a restart without its data.</summary>
    public async Task EmptyAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{Configuration},allowAdmin=true");
        await connection.GetServers()[0].FlushAllDatabasesAsync();
    }

    public async Task DisposeAsync()
    {
        server!.Kill();
        await server.WaitForExitAsync();
        server.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
