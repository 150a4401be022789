using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>Runs the servers in turn (A B A B …), each time on fresh data, and prints medians.</summary>
internal static class MailInBenchmark
{
    /// <returns>The exit code: 0 when every run filed exactly what it accepted.</returns>
    public static async Task<int> RunAsync(MailInOptions options, CancellationToken cancellationToken)
    {
        var pool = new MessagePool(options.MessageBytes);
        var results = new List<MailInResult>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var name in options.Servers == "both" ? ["mailcloud", "postfix-dovecot"] : new[] { options.Servers })
            {
                var result = await RunOnceAsync(name, options, pool, cancellationToken);
                results.Add(result);
                MailInReport.PrintRun(round, result);
            }
        }
        MailInReport.PrintTable(options, results);
        return results.All(r => r.IsExact && r.Accepted > 0) ? 0 : 1;
    }

    private static async Task<MailInResult> RunOnceAsync(string name, MailInOptions options, MessagePool pool, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Data, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        Directory.CreateDirectory(folder);
        await using var server = name == "mailcloud"
            ? await MailCloudServer.StartAsync(folder, options.Mailboxes, cancellationToken)
            : await PostfixDovecot.StartAsync(folder, options.Mailboxes, options.PeerFormat, cancellationToken);
        return await new MailInRun(server, pool, options).RunAsync(cancellationToken);
    }
}
