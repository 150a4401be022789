using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Backups;

/// <summary>An installation comes back from a backup that was taken under load: all that was acknowledged before it began is there, once, and nothing is wrong with it.</summary>
public sealed class BackupTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_in_one_process_comes_back_in_a_new_folder()
    {
        using var run = new BackupRun(output);
        var (data, restored) = (ServerProcess.NewDataDirectory(), ServerProcess.NewDataDirectory());
        try
        {
            await using (var server = await ServerProcess.StartAsync(data, offset: 18200, arguments: [$"--Backup:Directory={run.Place}", .. ServerProcess.NoRateLimits]))
            {
                await run.TakeUnderLoadAsync(server, [server.Smtp], server.Imap);
            }

            output.WriteLine(await Restore.RunAsync("services/AllInOne", [$"--Data={restored}", $"--Backup:Directory={run.Place}"]));
            await using var back = await ServerProcess.StartAsync(restored, offset: 18900, arguments: ServerProcess.NoRateLimits);
            await run.CompareAsync(back, back.Imap);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
            Directory.Delete(restored, recursive: true);
        }
    }
}
