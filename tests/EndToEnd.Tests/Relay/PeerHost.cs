using System.Diagnostics;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>A mail server of Debian's on port 25 of a loopback address, which files what it gets: <c>peers/peer.sh</c>.</summary>
internal sealed class PeerHost : IAsyncDisposable
{
    private static readonly string Script = Path.Combine(ServerProcess.RepositoryRoot, "tests/EndToEnd.Tests/Relay/peers/peer.sh");

    private readonly string kind;
    private readonly string directory;

    private PeerHost(string kind, string directory, string address, string name) => (this.kind, this.directory, Address, Name) = (kind, directory, address, name);

    public string Address { get; }

    public string Name { get; }

    /// <param name="kind"><c>postfix</c>, <c>exim</c> or <c>opensmtpd</c>.</param>
    /// <param name="address">A loopback address of its own.</param>
    /// <param name="name">What it calls itself.</param>
    /// <param name="key">The private key with which it offers STARTTLS; empty: it does not.</param>
    /// <param name="certificate">Its certificate.</param>
    public static async Task<PeerHost> StartAsync(string kind, string address, string name, string key = "", string certificate = "")
    {
        var directory = Directory.CreateTempSubdirectory("mailcloud-peer-").FullName;
        await RunAsync([kind, "up", directory, address, name, .. key.Length > 0 ? [key, certificate] : Array.Empty<string>()]);
        return new(kind, directory, address, name);
    }

    /// <summary>The messages it has for one envelope recipient, as it filed them, when there are so many.</summary>
    public async Task<IReadOnlyList<string>> UntilReceivedAsync(string recipient, int count)
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            var received = Received(recipient);
            if (received.Count >= count)
            {
                return received;
            }

            Assert.True(limit.Elapsed < TimeSpan.FromMinutes(2), $"{kind} has {received.Count} messages for {recipient}, not {count}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>What it has now for one envelope recipient.</summary>
    public IReadOnlyList<string> Received(string recipient) =>
        [.. Directory.EnumerateFiles(Path.Combine(directory, "mail/new")).Where(file => IsFor(file, recipient)).Order(StringComparer.Ordinal)];

    /// <summary>Lets in whom it has put off: <c>grey</c> or <c>later</c>.</summary>
    public void Open(string user) => File.WriteAllText(Path.Combine(directory, $"open-{user}"), "");

    /// <summary>Knows the user from now on who was gone.</summary>
    public void Hire() => File.WriteAllText(Path.Combine(directory, "hired"), "");

    public async ValueTask DisposeAsync()
    {
        await RunAsync([kind, "down", directory]);
        Directory.Delete(directory, recursive: true);
    }

    // Postfix and OpenSMTPD write Delivered-To, Exim Envelope-to, each with its own case.
    private static bool IsFor(string file, string recipient) =>
        File.ReadLines(file).TakeWhile(line => line.Length > 0).Any(line =>
            (line.StartsWith("Delivered-To:", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Envelope-to:", StringComparison.OrdinalIgnoreCase))
            && line.Contains(recipient, StringComparison.OrdinalIgnoreCase));

    private static async Task RunAsync(IEnumerable<string> arguments)
    {
        // Its servers go on with its output: who reads that to its end would wait for theirs.
        using var script = Process.Start(new ProcessStartInfo("bash", ["-c", "\"$@\" >\"$0\" 2>&1", Path.GetTempFileName(), Script, .. arguments]))!;
        await script.WaitForExitAsync();
        Assert.True(script.ExitCode == 0, $"peer.sh {string.Join(' ', arguments)} ended with {script.ExitCode}");
    }
}
