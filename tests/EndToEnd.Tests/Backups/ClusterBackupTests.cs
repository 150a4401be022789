using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Backups;

/// <summary>As <see cref="BackupTests"/>, of a cluster; and what was taken of it comes back in one process too.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ClusterBackupTests(ITestOutputHelper output)
{
    /// <summary>Another installation on the same emulators: its own containers and queues.</summary>
    private static readonly Dictionary<string, string> Another = new()
    {
        ["AzureStorage__BlobContainer"] = "restored-blobs",
        ["AzureStorage__JournalContainer"] = "restored-journals",
        ["RabbitMq__Prefix"] = "restored",
        ["Cluster__Id"] = "restored",
    };

    [Fact]
    public async Task A_cluster_comes_back_in_new_containers_and_in_one_process()
    {
        using var run = new BackupRun(output);
        var (data, restored) = (ServerProcess.NewDataDirectory(), ServerProcess.NewDataDirectory());
        try
        {
            await using (var cluster = await StartAsync(data, new Dictionary<string, string>(LocalCluster.NoRateLimits) { ["Backup__Directory"] = run.Place }))
            {
                await run.TakeUnderLoadAsync(cluster, [cluster.Smtp(1), cluster.Smtp(2)], cluster.Imap(1));
                output.WriteLine(await Restore.RunAsync("services/Mailboxes", [.. cluster.StoreArguments, $"--Backup:Directory={run.Place}"], Another));
            }

            await using (var back = await StartAsync(data, Another))
            {
                await run.CompareAsync(back, back.Imap(2));
            }

            await Restore.RunAsync("services/AllInOne", [$"--Data={restored}", $"--Backup:Directory={run.Place}"]);
            await using var server = await ServerProcess.StartAsync(restored, offset: 17700, arguments: ServerProcess.NoRateLimits);
            await run.CompareAsync(server, server.Imap);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
            Directory.Delete(restored, recursive: true);
        }
    }

    // The broker's data stand under a name that has its port.
    private static Task<LocalCluster> StartAsync(string data, IReadOnlyDictionary<string, string> settings) => LocalCluster.StartAsync(offset: 17300, data, settings);
}
