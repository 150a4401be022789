using System.Globalization;
using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>
/// How Dovecot is run: what it syncs (its mail_fsync), after how many seconds an idling connection moves to its imap-hibernate (0 is never, its default), and whether it speaks POP3 too.
/// </summary>
internal sealed record DovecotSettings(string Format, string Fsync, int HibernateAfter, bool Pop3 = false);

/// <summary>Debian's Dovecot for IMAP and POP3, run by peers/dovecot.sh.</summary>
internal sealed class Dovecot : IMeasuredPop3Server
{
    private static readonly string Script = Path.Combine(Repository.Root, "tests", "Benchmarks", "peers", "dovecot.sh");
    private readonly string folder;

    private Dovecot(string folder, int portOffset, int pid)
    {
        this.folder = folder;
        Imap = new(IPAddress.Loopback, 2143 + portOffset);
        ImapTls = new(IPAddress.Loopback, 2993 + portOffset);
        Pop3 = new(IPAddress.Loopback, 2110 + portOffset);
        Pop3Tls = new(IPAddress.Loopback, 2995 + portOffset);
        Processes = new ProcessTree([pid]);
    }

    public IPEndPoint Imap { get; }
    public IPEndPoint ImapTls { get; }
    public IPEndPoint Pop3 { get; }
    public IPEndPoint Pop3Tls { get; }
    public ProcessTree Processes { get; }

    public static async Task<Dovecot> StartAsync(string folder, int portOffset, DovecotSettings settings, CancellationToken cancellationToken)
    {
        // Daemons that stay inherit the output of what starts them, so nothing may wait for its end.
        await Launch.RunAsync("/bin/bash", ["-c", "\"$@\" >/dev/null", "up", Script, "up", folder, portOffset.ToString(CultureInfo.InvariantCulture),
            settings.Format, settings.Fsync, settings.HibernateAfter.ToString(CultureInfo.InvariantCulture), settings.Pop3 ? "pop3" : ""], cancellationToken);
        var pid = await Launch.RunAsync(Script, ["pid", folder], cancellationToken);
        return new Dovecot(folder, portOffset, int.Parse(pid, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync() => await Launch.RunAsync(Script, ["down", folder], CancellationToken.None);
}
