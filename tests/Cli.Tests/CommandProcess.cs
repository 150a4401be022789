using System.Diagnostics;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>The built command in a process of its own.</summary>
internal static class CommandProcess
{
    public static async Task<(int Exit, string Output, string Error)> RunAsync(WebServer server, Uri? address, params string[] command)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "MailCloud.Cli.dll"), "--server", (address ?? server.Admin.BaseAddress!).ToString(), "--token-file", server.TokenFile, .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
