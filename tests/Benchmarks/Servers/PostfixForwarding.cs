using System.Globalization;
using System.Net;
using MailCloud.Benchmarks.MailOut;

namespace MailCloud.Benchmarks.Servers;

/// <summary>Debian's Postfix, run by peers/postfix-forwarding.sh.</summary>
internal sealed class PostfixForwarding : IRelayingServer
{
    private const int Port = 4_525;
    private static readonly string Script = Path.Combine(Repository.Root, "tests", "Benchmarks", "peers", "postfix-forwarding.sh");
    private readonly string folder;

    private PostfixForwarding(string folder, int master)
    {
        this.folder = folder;
        Processes = new ProcessTree([master]);
    }

    public string Name => "Postfix";
    public IPEndPoint Smtp { get; } = new(IPAddress.Loopback, Port);
    public ProcessTree Processes { get; }

    /// <summary>Postfix, if it is missing, and smtp-sink, which is part of it.</summary>
    public static Task InstallAsync(CancellationToken cancellationToken) => Launch.RunAsync(Script, ["install"], cancellationToken);

    public static async Task<IRelayingServer> StartAsync(string folder, int addresses, int connections, CancellationToken cancellationToken)
    {
        string[] numbers = [.. new[] { Port, SmtpSink.Port, addresses, connections }.Select(n => n.ToString(CultureInfo.InvariantCulture))];

        // Daemons that stay inherit the output of what starts them, so nothing may wait for its end.
        await Launch.RunAsync("/bin/bash", ["-c", "\"$@\" >/dev/null", "up", Script, "up", folder, .. numbers], cancellationToken);
        var master = await Launch.RunAsync(Script, ["pid", folder], cancellationToken);
        return new PostfixForwarding(folder, int.Parse(master, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync() => await Launch.RunAsync(Script, ["down", folder], CancellationToken.None);
}
