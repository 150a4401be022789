using System.Diagnostics;
using SharpFuzz;

namespace MailCloud.Fuzz.Engine;

/// <summary>A copy of this program in which MailCloud's assemblies count their branches, run as a process of its own so that its death can be told.</summary>
internal static class InstrumentedCopy
{
    private const string Mark = "MAILCLOUD_FUZZ_INSTRUMENTED";

    public static bool IsThis => Environment.GetEnvironmentVariable(Mark) == "1";

    /// <summary>Makes the copy, runs it with the same arguments and returns its exit code.</summary>
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("mailcloud-fuzz-").FullName;
        try
        {
            Copy(AppContext.BaseDirectory, folder);
            foreach (var assembly in Directory.EnumerateFiles(folder, "MailCloud.*.dll").Where(f => Path.GetFileName(f) != "MailCloud.Fuzz.dll"))
            {
                Fuzzer.Instrument(assembly, static type => type.StartsWith("MailCloud.", StringComparison.Ordinal), Options.Value);
            }

            var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
            start.Environment[Mark] = "1";

            // Each execution leaves garbage and none is kept: a third more executions in the same time than with a budget of the cache's size.
            start.Environment["DOTNET_GCgen0size"] = "0x4000000";
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            {
                start.ArgumentList.Add(Path.Combine(folder, "MailCloud.Fuzz.dll"));
            }
            else
            {
                start.FileName = Path.Combine(folder, Path.GetFileName(Environment.ProcessPath!));
            }

            foreach (var arg in args)
            {
                start.ArgumentList.Add(arg);
            }

            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
