using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap;

/// <summary>What is the same of identities and submissions, whose states one grain counts.</summary>
internal static class SentRecords
{
    public static async Task<JsonObject> ChangesAsync(
        JmapCall call, StandardChanges request, Func<long, int, Task<SentChanges>> find, Func<Guid, string> idOf, CancellationToken cancellationToken)
    {
        if (!JmapState.TryParse(request.SinceState, out long since))
        {
            throw StandardChanges.CannotCalculate;
        }

        var most = Math.Min(request.MaxChanges ?? int.MaxValue, call.Services.Options.MaxObjectsInGet);
        var changes = await call.Services.Calls.CallAsync(() => find(since, most), cancellationToken).ConfigureAwait(false);
        return changes.Known
            ? request.Response(call, JmapState.Text(changes.State), changes.HasMore, changes.Created.Select(idOf), changes.Updated.Select(idOf), changes.Destroyed.Select(idOf))
            : throw StandardChanges.CannotCalculate;
    }

    /// <summary>The error of what was not done; null when it was.</summary>
    /// <exception cref="MethodException">stateMismatch.</exception>
    public static SetError? ErrorOf(SentOutcome outcome) => outcome switch
    {
        SentOutcome.Done => null,
        SentOutcome.StateMismatch => throw SetArguments.StateMismatch,
        SentOutcome.NotFound => new("notFound"),
        SentOutcome.TooMany => new("overQuota", "the account has as many as it may"),
        SentOutcome.Left => new("cannotUnsend", "it has left, or is about to"),
        _ => new("forbidden"),
    };
}
