using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using MailCloud.Benchmarks.MailOut;

namespace MailCloud.Benchmarks.Servers;

/// <summary>AllInOne from its Release build, embedded storage, on a fresh folder.</summary>
internal sealed class MailCloudServer : IMeasuredServer, IMeasuredPop3Server, IRelayingServer
{
    private const int DefaultPortOffset = 1_000;
    private const string ReadyLine = "MailCloud is ready";
    private readonly Process process;

    private MailCloudServer(Process process, int portOffset, TimeSpan readyAfter)
    {
        this.process = process;
        Smtp = new(IPAddress.Loopback, 2525 + portOffset);
        Imap = new(IPAddress.Loopback, 2143 + portOffset);
        ImapTls = new(IPAddress.Loopback, 2993 + portOffset);
        Pop3 = new(IPAddress.Loopback, 2110 + portOffset);
        Pop3Tls = new(IPAddress.Loopback, 2995 + portOffset);
        ReadyAfter = readyAfter;
        Processes = new ProcessTree([process.Id]);
    }

    public string Name => "MailCloud";
    public IPEndPoint Smtp { get; }
    public IPEndPoint Imap { get; }
    public IPEndPoint ImapTls { get; }
    public IPEndPoint Pop3 { get; }
    public IPEndPoint Pop3Tls { get; }
    public ProcessTree Processes { get; }
    public TimeSpan? ReadyAfter { get; }
    public int ProcessId => process.Id;

    /// <param name="folder">Its data, fresh or of an earlier run.</param>
    /// <param name="mailboxes">Accounts to make.</param>
    /// <param name="cancellationToken">Ends the wait for its start.</param>
    /// <param name="portOffset">Added to every port.</param>
    /// <param name="arguments">Further ones of the server.</param>
    public static async Task<MailCloudServer> StartAsync(
        string folder, int mailboxes, CancellationToken cancellationToken, int portOffset = DefaultPortOffset, IReadOnlyList<string>? arguments = null)
    {
        var assembly = Path.Combine(Repository.Root, "services", "AllInOne", "bin", "Release", "net10.0", "MailCloud.AllInOne.dll");
        if (!File.Exists(assembly))
        {
            throw new FileNotFoundException("build it first: dotnet build -c Release services/AllInOne", assembly);
        }
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(new ProcessStartInfo("dotnet", [assembly, $"--Data={folder}", $"--PortOffset={portOffset}", .. arguments ?? []])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(assembly)!,
        })!;
        await WaitUntilReadyAsync(process, cancellationToken);
        var server = new MailCloudServer(process, portOffset, Stopwatch.GetElapsedTime(started));
        await ImportAsync(folder, portOffset, mailboxes, cancellationToken);
        return server;
    }

    /// <summary>With user0@example.test … forwarded to sink.example, and mail to that domain relayed to the sink.</summary>
    public static async Task<IRelayingServer> StartForwardingAsync(string folder, int addresses, int connections, CancellationToken cancellationToken)
    {
        var server = await StartAsync(folder, mailboxes: 0, cancellationToken, arguments:
        [
            "--Relay:Routes:0:Destination=sink.example", "--Relay:Routes:0:Host=[127.0.0.1]", $"--Relay:Routes:0:Port={SmtpSink.Port}", "--Relay:DialPrivate=127.0.0.0/8",
            $"--Relay:ConnectionsPerDestination={connections}", $"--Relay:Limits:Connections={connections}",
        ]);
        using var admin = await AdminAsync(folder, cancellationToken);
        for (var i = 0; i < addresses; i++)
        {
            var address = new { kind = "forwarded", targets = new[] { $"user{i}@sink.example" } };
            using var reply = await admin.PutAsJsonAsync($"/admin/v1/addresses/user{i}@example.test", address, cancellationToken);
            reply.EnsureSuccessStatusCode();
        }

        return server;
    }

    /// <summary>A client of the admin API of a server that works on a folder.</summary>
    public static async Task<HttpClient> AdminAsync(string folder, CancellationToken cancellationToken, int portOffset = DefaultPortOffset)
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{8081 + portOffset}"), Timeout = TimeSpan.FromMinutes(5) };
        var token = await File.ReadAllTextAsync(Path.Combine(folder, "admin-token"), cancellationToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        await Launch.RunAsync("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], CancellationToken.None);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task WaitUntilReadyAsync(Process process, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains(ReadyLine, StringComparison.Ordinal))
            {
                // Whatever it says later must not fill the pipe.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return;
            }
        }
        throw new InvalidOperationException("AllInOne ended before it was ready");
    }

    private static async Task ImportAsync(string folder, int portOffset, int mailboxes, CancellationToken cancellationToken)
    {
        var csv = new StringBuilder();
        for (var i = 0; i < mailboxes; i++)
        {
            csv.Append("user").Append(i).Append("@example.test,mailcloud\n");
        }
        using var http = await AdminAsync(folder, cancellationToken, portOffset);
        using var reply = await http.PostAsync("/admin/v1/accounts/import", new StringContent(csv.ToString(), Encoding.UTF8, "text/csv"), cancellationToken);
        var text = await reply.Content.ReadAsStringAsync(cancellationToken);
        if (!reply.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"account import: {(int)reply.StatusCode} {text}");
        }
    }
}
