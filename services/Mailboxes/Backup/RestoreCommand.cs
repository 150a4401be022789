using System.Globalization;

namespace MailCloud.Mailboxes.Backup;

/// <summary>The start-up verb <c>restore [NAME]</c>: a whole backup, the newest if none is named, into the empty installation that the options say; nothing else is started.</summary>
public static class RestoreCommand
{
    private static readonly TimeSpan toldEvery = TimeSpan.FromSeconds(5);

    public static bool IsIn(string[] args) => args is ["restore", ..];

    /// <summary>The process' exit code: 0 when all of it is there.</summary>
    public static async Task<int> RunAsync(WebApplication app, string[] args, TextWriter output)
    {
        var counts = new BackupCounts();
        try
        {
            using var told = new Timer(_ => output.WriteLine(Progress(counts)), null, toldEvery, toldEvery);
            var name = await app.Services.GetRequiredService<BackupRestore>().RunAsync(NameIn(args), counts, CancellationToken.None);
            await output.WriteLineAsync($"backup {name} is restored: {Progress(counts)}. Start the installation, and let `mailcloud verify` look at it.");
            return 0;
        }
        catch (InvalidOperationException e)
        {
            await output.WriteLineAsync($"nothing was restored: {e.Message}");
            return 1;
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    private static string? NameIn(string[] args) => args is [_, var name, ..] && !name.StartsWith("--", StringComparison.Ordinal) ? name : null;

    private static string Progress(BackupCounts counts)
    {
        var by = counts.ByName();
        return string.Create(CultureInfo.InvariantCulture, $"{by["blobs"]:N0} blobs ({by["blobOctets"] / 1e6:N0} MB), {by["journals"]:N0} journals, {by["waiting"]:N0} messages that wait");
    }
}
