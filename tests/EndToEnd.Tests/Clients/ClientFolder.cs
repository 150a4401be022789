using System.Diagnostics;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>How a client ended, and all that it said; 124, as timeout(1) has it, when it was ended by the time limit.</summary>
internal sealed record ClientRun(string Command, int ExitCode, string Output)
{
    public ClientRun MustSucceed()
    {
        Assert.True(ExitCode == 0, $"{Command} ended with {ExitCode}:\n{Output}");
        return this;
    }
}

/// <summary>A home of its own for a command-line client: its configuration, written by the test, and its mail.</summary>
internal sealed class ClientFolder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public string Path { get; } = Directory.CreateTempSubdirectory("mailcloud-client-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file of the client's and returns its path.</summary>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Runs a client to its end, at home in this folder.</summary>
    public async Task<ClientRun> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path,
            Environment = { ["HOME"] = Path, ["TERM"] = "xterm", ["LC_ALL"] = "C.UTF-8", ["TZ"] = "UTC" },
        };
        using var process = new Process { StartInfo = start };
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Add(output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(output, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Limit);
        var exitCode = 124;
        try
        {
            await process.WaitForExitAsync(limit.Token);
            exitCode = process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        lock (output)
        {
            return new ClientRun($"{program} {string.Join(' ', arguments)}", exitCode, output.ToString());
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static void Add(StringBuilder output, string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
