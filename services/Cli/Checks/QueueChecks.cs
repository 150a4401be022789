namespace MailCloud.Cli.Checks;

/// <summary>Whether the admin API takes the token, and what stands in the delivery queue.</summary>
internal static class QueueChecks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<IReadOnlyList<CheckResult>> CheckAsync(AdminClient client, long mostWaiting, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var depth = await client.GetAsync("/admin/v1/queue", limit.Token);
            var (waiting, parked) = (depth.GetProperty("waiting").GetInt64(), depth.GetProperty("parked").GetInt64());
            return
            [
                CheckResult.Ok("admin API", "answers, and takes the token"),
                waiting > mostWaiting
                    ? CheckResult.Warning("delivery queue", $"{waiting} entries wait", "see that LocalDelivery runs and keeps up, and that silos run")
                    : CheckResult.Ok("delivery queue", waiting == 1 ? "1 entry waits" : $"{waiting} entries wait"),
                parked > 0
                    ? CheckResult.Warning("set aside", parked == 1 ? "1 entry" : $"{parked} entries", "see why: mailcloud queue parked; once that is mended: mailcloud queue replay ID")
                    : CheckResult.Ok("set aside", "nothing"),
            ];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [CheckResult.Failed("admin API", $"no answer within {Patience.TotalSeconds:0} seconds", "see what Web and the silos log, and whether they hang")];
        }
        catch (AdminException e)
        {
            return [CheckResult.Failed("admin API", e.Message, e.Status is null ? "start MailCloud, or give its admin address with --server" : "give a token of the platform with --token-file")];
        }
    }
}
