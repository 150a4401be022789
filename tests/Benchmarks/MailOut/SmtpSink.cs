using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.Benchmarks.MailOut;

/// <summary>Postfix' smtp-sink, which takes every message and forgets it. It prints after each how many there were.</summary>
internal sealed partial class SmtpSink : IAsyncDisposable
{
    /// <summary>Outside the range of ports that outgoing connections take.</summary>
    public const int Port = 5_525;

    /// <summary>Connections that wait to be taken.</summary>
    private const string Backlog = "1000";

    private readonly Process process;
    private readonly Task reading;
    private long messages;

    private SmtpSink(Process process)
    {
        this.process = process;
        reading = ReadAsync();
    }

    /// <summary>Messages whose final dot has come.</summary>
    public long Messages => Interlocked.Read(ref messages);

    /// <summary>False: nothing will come any more.</summary>
    public bool IsRunning => !process.HasExited;

    public static SmtpSink Start()
    {
        // It does not run as root.
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        return new(Process.Start(new ProcessStartInfo("/usr/sbin/smtp-sink", [.. user, "-c", $"127.0.0.1:{Port}", Backlog]) { RedirectStandardOutput = true })!);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await reading;
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        var rest = "";
        while (await process.StandardOutput.ReadAsync(buffer) is > 0 and var read)
        {
            // Each count ends with CR, so that a terminal shows the last.
            rest += new string(buffer, 0, read);
            var end = rest.LastIndexOf('\r') + 1;
            if (Counted().Matches(rest[..end]).LastOrDefault() is { } last)
            {
                Interlocked.Exchange(ref messages, long.Parse(last.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            }

            rest = rest[end..];
        }
    }

    [GeneratedRegex(@"mesg=(\d+)")]
    private static partial Regex Counted();
}
