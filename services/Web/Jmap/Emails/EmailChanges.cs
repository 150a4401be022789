using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/changes (RFC 8621 §4.3).</summary>
internal static class EmailChanges
{
    /// <summary>Changes of one response where the client names no number.</summary>
    private const int Max = 10_000;

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var changes = await ReadAsync(call, request.SinceState, request.MaxChanges, cancellationToken).ConfigureAwait(false);
        return request.Response(
            call,
            JmapState.Text(changes.State),
            changes.HasMore,
            changes.Created.Select(ObjectIds.OfEmail),
            changes.Updated.Select(ObjectIds.OfEmail),
            changes.Destroyed.Select(ObjectIds.OfEmail));
    }

    /// <exception cref="MethodException">It is not known what changed since.</exception>
    public static async Task<MailboxContracts.EmailChanges> ReadAsync(JmapCall call, string since, int? max, CancellationToken cancellationToken)
    {
        if (!JmapState.TryParse(since, out EmailState state))
        {
            throw StandardChanges.CannotCalculate;
        }

        var grain = call.Emails;
        var changes = await call.Services.Calls.CallAsync(() => grain.GetChangesAsync(state, Math.Min(max ?? Max, Max)), cancellationToken).ConfigureAwait(false);
        return changes.Known ? changes : throw StandardChanges.CannotCalculate;
    }
}
