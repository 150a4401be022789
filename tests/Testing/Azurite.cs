using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.Testing;

/// <summary>
/// Azurite's blob service, on a free port of loopback and in a folder of its own, for as long as it is not disposed. <c>tests/run.sh</c> installs it into <c>tests/.tools</c>.
/// </summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly string folder;

    private Azurite(Process process, string folder, int port) => (this.process, this.folder, Port) = (process, folder, port);

    public int Port { get; }

    /// <summary>The emulator's well-known account, reached at this port: the service's own, or that of something in between.</summary>
    public static string ConnectionString(int port) =>
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        + "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        + $"BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;";

    public static async Task<Azurite> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("mailcloud-azurite-").FullName;
        var start = new ProcessStartInfo(FindProgram()) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--location", folder, "--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck", "--disableTelemetry", "--silent"])
        {
            start.ArgumentList.Add(argument);
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (Listening().Match(line.Data ?? "") is { Success: true } match)
            {
                port.TrySetResult(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        };
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.Exited += (_, _) => port.TrySetException(new InvalidOperationException("azurite-blob ended before it listened"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process, folder, await port.Task.WaitAsync(Patience));
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string FindProgram()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var program = Path.Combine(directory.FullName, "tests", ".tools", "node_modules", ".bin", "azurite-blob");
            if (File.Exists(program))
            {
                return program;
            }
        }

        throw new InvalidOperationException("azurite-blob is not in tests/.tools: tests/run.sh installs it there");
    }

    [GeneratedRegex(@"listen\w* (?:on|at) http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}
