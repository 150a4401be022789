using System.Diagnostics;

namespace MailCloud.EndToEnd.Tests.Backups;

/// <summary>The start-up verb of a server that brings a backup back into a new installation.</summary>
internal static class Restore
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <param name="project">AllInOne, or Mailboxes of a cluster.</param>
    /// <param name="arguments">Options of the installation and of the backups.</param>
    /// <param name="settings">Further options, as environment.</param>
    /// <returns>What it said.</returns>
    public static async Task<string> RunAsync(string project, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo("dotnet", [ServerProcess.BuiltPath(project), "restore", .. arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var said = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, said);
        return said;
    }
}
