using System.Globalization;
using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>How Dovecot is run: what it syncs (its mail_fsync), and after how many seconds an idling connection moves to its imap-hibernate; 0 is never, its default.</summary>
internal sealed record DovecotSettings(string Format, string Fsync, int HibernateAfter);

/// <summary>Debian's Dovecot for IMAP, run by peers/dovecot.sh.</summary>
internal sealed class Dovecot : IMeasuredImapServer
{
    private static readonly string Script = Path.Combine(Repository.Root, "tests", "Benchmarks", "peers", "dovecot.sh");
    private readonly string folder;

    private Dovecot(string folder, int portOffset, int pid)
    {
        this.folder = folder;
        Imap = new(IPAddress.Loopback, 2143 + portOffset);
        ImapTls = new(IPAddress.Loopback, 2993 + portOffset);
        Processes = new ProcessTree([pid]);
    }

    public IPEndPoint Imap { get; }
    public IPEndPoint ImapTls { get; }
    public ProcessTree Processes { get; }

    public static async Task<IMeasuredImapServer> StartAsync(string folder, int portOffset, DovecotSettings settings, CancellationToken cancellationToken)
    {
        // Daemons that stay inherit the output of what starts them, so nothing may wait for its end.
        await Launch.RunAsync("/bin/bash", ["-c", "\"$@\" >/dev/null", "up", Script, "up", folder, portOffset.ToString(CultureInfo.InvariantCulture),
            settings.Format, settings.Fsync, settings.HibernateAfter.ToString(CultureInfo.InvariantCulture)], cancellationToken);
        var pid = await Launch.RunAsync(Script, ["pid", folder], cancellationToken);
        return new Dovecot(folder, portOffset, int.Parse(pid, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync() => await Launch.RunAsync(Script, ["down", folder], CancellationToken.None);
}
