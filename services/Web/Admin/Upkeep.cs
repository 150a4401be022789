using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST /admin/v1/verify</c> and <c>POST /admin/v1/sweep?grace=SECONDS</c>: records <c>{kind, subject, text, counts}</c>, one JSON value per line, as they are met. The last is the
/// summary; an answer without it broke off.
/// </summary>
internal static class Upkeep
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapPost("/verify", (HttpContext context, IGrainFactory grains, ILoggerFactory logs, CancellationToken cancellationToken) =>
            WriteAsync("verify", grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(cancellationToken), context, logs, cancellationToken))
                .Requires(AdminPermission.Operate, Reach.Platform).AnswersLines<UpkeepRecord>("verify", "Checks everything stored; the last line is the summary");
        admin.MapPost("/sweep", SweepAsync).Requires(AdminPermission.Operate, Reach.Platform).AnswersLines<UpkeepRecord>("sweep", "Deletes what nothing refers to; the last line is the summary");
    }

    private static async Task SweepAsync(HttpContext context, double? grace, IGrainFactory grains, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (grace is < 0 or > 1e9)
        {
            await Problem.BadRequest("grace is a number of seconds").ExecuteAsync(context);
            return;
        }

        var period = grace is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        await WriteAsync("sweep", grains.GetGrain<IUpkeepGrain>(0).SweepAsync(period, cancellationToken), context, logs, cancellationToken);
    }

    private static async Task WriteAsync(
        string walk, IAsyncEnumerable<UpkeepRecord> records, HttpContext context, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        JsonLines.Begin(context.Response);
        try
        {
            await foreach (var record in records.WithCancellation(cancellationToken))
            {
                await JsonLines.WriteAsync(context.Response, record, cancellationToken);
            }
        }
        catch (Exception e) when (context.Response.HasStarted && !cancellationToken.IsCancellationRequested)
        {
            // Too late for an error status: the missing summary tells.
            logs.CreateLogger("MailCloud.Web.Admin").WalkFailed(walk, e);
        }
    }
}
