using System.Diagnostics;
using System.Net;

namespace MailCloud.Testing;

/// <summary>A zone of <see cref="DnsServers"/>.</summary>
/// <param name="Name">Without the last dot.</param>
/// <param name="Records">Lines as in a zone file, names relative to the zone, TTL 60 where none is given; SOA and NS are made.</param>
/// <param name="Kind">What validation makes of it.</param>
public sealed record DnsZone(string Name, string Records, DnsZoneKind Kind = DnsZoneKind.Insecure);

public enum DnsZoneKind
{
    /// <summary>Not signed.</summary>
    Insecure = 0,

    /// <summary>Signed, and the resolver knows its key.</summary>
    Secure = 1,

    /// <summary>Not signed, and the resolver knows a key: each of its answers is SERVFAIL.</summary>
    Bogus = 2,
}

/// <summary>
/// The DNS of a test, on free ports of loopback and in a folder of its own: knot, which has the zones and signs them, and unbound, which asks it and validates. Debian's packages; <c>tests/run.sh</c> installs them.
/// </summary>
public sealed class DnsServers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo folder;
    private readonly List<Process> processes = [];

    private DnsServers(DirectoryInfo folder) => this.folder = folder;

    /// <summary>Where knot answers, for the zones alone.</summary>
    public IPEndPoint Authoritative { get; } = new(IPAddress.Loopback, FreePort.Find());

    /// <summary>Where unbound answers.</summary>
    public IPEndPoint Resolver { get; } = new(IPAddress.Loopback, FreePort.Find());

    private string KnotConfiguration => Path.Combine(folder.FullName, "knot.conf");

    public static async Task<DnsServers> StartAsync(params DnsZone[] zones)
    {
        var servers = new DnsServers(Directory.CreateTempSubdirectory("mailcloud-dns-"));
        try
        {
            await servers.StartKnotAsync(zones);
            await servers.StartUnboundAsync(zones);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a zone other records, at knot; unbound remembers what it has heard for their TTL.</summary>
    public async Task ReplaceAsync(string zone, string records)
    {
        WriteZone(zone, records);
        await RunAsync("/usr/sbin/knotc", "-c", KnotConfiguration, "-b", "zone-reload", zone);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        folder.Delete(recursive: true);
    }

    private async Task StartKnotAsync(DnsZone[] zones)
    {
        foreach (var name in new[] { "run", "db", "zones" })
        {
            folder.CreateSubdirectory(name);
        }

        foreach (var zone in zones)
        {
            WriteZone(zone.Name, zone.Records);
        }

        var signed = zones.Select(z => $"  - domain: {z.Name}\n" + (z.Kind == DnsZoneKind.Secure ? "    dnssec-signing: on\n    dnssec-policy: one-key\n" : ""));
        await File.WriteAllTextAsync(KnotConfiguration, $"""
            server:
                rundir: "{folder.FullName}/run"
                listen: {Authoritative.Address}@{Authoritative.Port}
                udp-workers: 1
                tcp-workers: 1
                background-workers: 1
            database:
                storage: "{folder.FullName}/db"
            log:
              - target: stdout
                any: info
            policy:
              - id: one-key
                algorithm: ecdsap256sha256
                single-type-signing: on
            template:
              - id: default
                storage: "{folder.FullName}/zones"
                file: "%s.zone"
                zonefile-sync: -1
                zonefile-load: difference-no-serial
                journal-content: all
            zone:
            {string.Concat(signed)}
            """);
        await StartAsync("control, binding", "/usr/sbin/knotd", "-c", KnotConfiguration);
    }

    private async Task StartUnboundAsync(DnsZone[] zones)
    {
        var anchors = new List<string>();
        foreach (var zone in zones)
        {
            switch (zone.Kind)
            {
                case DnsZoneKind.Secure:
                    anchors.Add((await RunAsync("/usr/sbin/keymgr", "-c", KnotConfiguration, zone.Name, "ds")).Split('\n').First(l => l.Contains(" 13 2 ", StringComparison.Ordinal)));
                    break;
                case DnsZoneKind.Bogus:
                    anchors.Add($"{zone.Name}. DS 1 13 2 {new string('0', 64)}");
                    break;
            }
        }

        var configuration = Path.Combine(folder.FullName, "unbound.conf");
        await File.WriteAllTextAsync(configuration, $"""
            server:
                directory: "{folder.FullName}"
                pidfile: ""
                chroot: ""
                username: ""
                use-syslog: no
                verbosity: 1
                interface: {Resolver.Address}
                port: {Resolver.Port}
                num-threads: 1
                do-ip6: no
                do-not-query-localhost: no
                module-config: "validator iterator"
                local-zone: "test." nodefault
            {string.Concat(anchors.Select(a => $"    trust-anchor: \"{a.Trim()}\"\n"))}
            remote-control:
                control-enable: no
            {string.Concat(zones.Select(z => $"stub-zone:\n    name: \"{z.Name}\"\n    stub-addr: {Authoritative.Address}@{Authoritative.Port}\n"))}
            """);
        await StartAsync("start of service", "/usr/sbin/unbound", "-d", "-c", configuration);
    }

    private void WriteZone(string name, string records) => File.WriteAllText(Path.Combine(folder.FullName, "zones", name + ".zone"), $"""
        $ORIGIN {name}.
        $TTL 60
        @ SOA ns hostmaster 1 3600 600 86400 60
        @ NS ns
        ns A 127.0.0.1
        {records}

        """);

    /// <summary>Starts a server and waits until it says that it serves.</summary>
    private async Task StartAsync(string ready, string program, params string[] arguments)
    {
        var said = new List<string>();
        var serves = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }, EnableRaisingEvents = true };
        void Read(string? line)
        {
            lock (said)
            {
                said.Add(line ?? "");
            }

            if (line?.Contains(ready, StringComparison.Ordinal) == true)
            {
                serves.TrySetResult();
            }
        }

        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Exited += (_, _) =>
        {
            lock (said)
            {
                serves.TrySetException(new InvalidOperationException($"{program} ended: {string.Join('\n', said)}"));
            }
        };
        process.Start();
        processes.Add(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await serves.Task.WaitAsync(Patience);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await output} {await errors}");
    }
}
