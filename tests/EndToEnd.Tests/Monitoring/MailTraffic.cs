using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using MailCloud.EndToEnd.Tests.Jmap;
using MailCloud.Testing;

namespace MailCloud.EndToEnd.Tests.Monitoring;

/// <summary>Some of everything that a mail server sees in a day: mail in and out, taken, refused and put off, logins that go well and those that do not.</summary>
internal sealed class MailTraffic : IAsyncDisposable
{
    private const string Password = "mailcloud";
    private const string Bob = $"bob@example.test:{Password}";

    /// <summary>Recipients of alice within an hour: those of two rounds, and one.</summary>
    private const int Cap = 9;

    // Addresses of their own: the relay holds hosts at one address for one provider, and leaves it alone when one is not there.
    private const string Taking = "127.0.0.2";
    private const string Refusing = "127.0.0.3";
    private const string Away = "127.0.0.4";

    private readonly Process taking;
    private readonly Process refusing;
    private readonly int takingPort = FreePort.Find();
    private readonly int refusingPort = FreePort.Find();

    private MailTraffic() => (taking, refusing) = (Sink(Taking, takingPort), Sink(Refusing, refusingPort, "-f", "RCPT"));

    /// <summary>Two other hosts, one of which takes every message and one of which refuses every recipient.</summary>
    public static async Task<MailTraffic> StartAsync()
    {
        var traffic = new MailTraffic();
        await PrometheusServer.UntilAsync(() => traffic.ListensAsync(Taking, traffic.takingPort), TimeSpan.FromSeconds(10));
        await PrometheusServer.UntilAsync(() => traffic.ListensAsync(Refusing, traffic.refusingPort), TimeSpan.FromSeconds(10));
        return traffic;
    }

    /// <summary>The server's routes to them, and to one that is not there; and how many recipients alice may send to. Who guesses from here is slowed as others are.</summary>
    public IEnumerable<string> Settings =>
    [
        .. Route(0, "taken.test", Taking, takingPort), .. Route(1, "refused.test", Refusing, refusingPort), .. Route(2, "away.test", Away, FreePort.Find()), $"--Sending:AccountPerHour={Cap}", "--Credentials:UnlimitedNetworks=192.0.2.0/24",
        $"--{PushTraffic.Setting}=true",
    ];

    public static async Task RoundAsync(ServerProcess server, int round)
    {
        await PushTraffic.RunAsync(server.Http, "bob@example.test", Password, () => SwaksAsync(server.Smtp, 0, "--from", "someone@example.org", "--to", "bob@example.test"));
        await SwaksAsync(server.Smtp, 24, "--from", "someone@example.org", "--to", "nobody@example.test");
        foreach (var domain in (string[])["taken.test", "refused.test", "away.test", "[127.0.0.1]"])
        {
            await SubmitAsync(server, 0, $"round{round}@{domain}");
        }

        await CurlAsync(0, $"imap://127.0.0.1:{server.Imap}/INBOX;UID={round}", Bob);
        // Some failures of an account from one network are free, and later ones delayed: there are such in each round.
        for (var guess = 0; guess < (round == 1 ? 4 : 1); guess++)
        {
            await CurlAsync(67, $"imap://127.0.0.1:{server.Imap}/INBOX", $"postmaster@example.test:wrong{round}{guess}");
        }

        await CurlAsync(0, $"pop3://127.0.0.1:{server.Pop3}/1", Bob);
        await CurlAsync(0, $"pop3://127.0.0.1:{server.Pop3}/1", Bob, "--request", "DELE", "--list-only");
        await CurlAsync(0, $"http://127.0.0.1:{server.Http}/", Bob);
    }

    /// <summary>Sends to one more than alice may within an hour, whenever that began: some are taken, and the last is not.</summary>
    public static Task BeCappedAsync(ServerProcess server) => SubmitAsync(server, 0, string.Join(',', Enumerable.Range(0, Cap + 1).Select(number => $"many{number}@taken.test")));

    public async ValueTask DisposeAsync()
    {
        foreach (var sink in (Process[])[taking, refusing])
        {
            sink.Kill();
            await sink.WaitForExitAsync();
            sink.Dispose();
        }
    }

    private static Task SubmitAsync(ServerProcess server, int exitCode, string to) => SwaksAsync(
        server.Submission, exitCode, "--tls", "--auth", "PLAIN", "--auth-user", "alice@example.test", "--auth-password", Password, "--from", "alice@example.test", "--to", to);

    private static Task SwaksAsync(int port, int exitCode, params string[] arguments) => RunAsync("swaks", exitCode, ["--server", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), .. arguments]);

    private static Task CurlAsync(int exitCode, string url, string user, params string[] arguments) => RunAsync("curl", exitCode, ["-s", url, "-u", user, .. arguments]);

    private static async Task RunAsync(string program, int exitCode, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == exitCode, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}, not {exitCode}:\n{await output}{await errors}");
    }

    private static string[] Route(int number, string domain, string host, int port) =>
    [
        $"--Relay:Routes:{number}:Destination={domain}", $"--Relay:Routes:{number}:Host=[{host}]", string.Create(CultureInfo.InvariantCulture, $"--Relay:Routes:{number}:Port={port}"),
    ];

    private static Process Sink(string host, int port, params string[] options)
    {
        // It does not run as root.
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        return Process.Start(new ProcessStartInfo("/usr/sbin/smtp-sink", [.. user, .. options, string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), "100"]))!;
    }

    private async Task<bool> ListensAsync(string host, int port)
    {
        Assert.False(taking.HasExited || refusing.HasExited, "smtp-sink has ended");
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
