using System.Globalization;
using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>Debian's Postfix and Dovecot, run by peers/postfix-dovecot.sh.</summary>
internal sealed class PostfixDovecot : IMeasuredServer
{
    private const int PortOffset = 2_000;
    private static readonly string Script = Path.Combine(Repository.Root, "tests", "Benchmarks", "peers", "postfix-dovecot.sh");
    private readonly string folder;

    private PostfixDovecot(string folder, int[] pids)
    {
        this.folder = folder;
        Processes = new ProcessTree(pids);
    }

    public string Name => "Postfix + Dovecot";
    public IPEndPoint Smtp { get; } = new(IPAddress.Loopback, 2525 + PortOffset);
    public IPEndPoint Imap { get; } = new(IPAddress.Loopback, 2143 + PortOffset);
    public ProcessTree Processes { get; }
    public TimeSpan? ReadyAfter => null;

    public static async Task<IMeasuredServer> StartAsync(string folder, int mailboxes, string format, CancellationToken cancellationToken)
    {
        // Daemons that stay inherit the output of what starts them, so nothing may wait for its end.
        await Launch.RunAsync("/bin/bash", ["-c", "\"$@\" >/dev/null", "up", Script, "up", folder, PortOffset.ToString(CultureInfo.InvariantCulture),
            mailboxes.ToString(CultureInfo.InvariantCulture), format], cancellationToken);
        var pids = await Launch.RunAsync(Script, ["pids", folder], cancellationToken);
        return new PostfixDovecot(folder, [.. pids.Split(' ', StringSplitOptions.TrimEntries).Select(p => int.Parse(p, CultureInfo.InvariantCulture))]);
    }

    public async ValueTask DisposeAsync() => await Launch.RunAsync(Script, ["down", folder], CancellationToken.None);
}
