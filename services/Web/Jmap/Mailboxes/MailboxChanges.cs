using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Mailbox/changes (RFC 8621 §2.2).</summary>
internal static class MailboxChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var changes = await ReadAsync(call, request.SinceState, cancellationToken).ConfigureAwait(false);

        // Folders are few, and all of them are told at once: there is no state in between.
        if (changes.Created.Length + changes.Counted.Length + changes.Updated.Length + changes.Destroyed.Length > (request.MaxChanges ?? int.MaxValue))
        {
            throw StandardChanges.CannotCalculate;
        }

        var response = request.Response(
            call,
            JmapState.Text(changes.ModSeq),
            false,
            changes.Created.Select(ObjectIds.OfFolder),
            changes.Updated.Concat(changes.Counted).Select(ObjectIds.OfFolder),
            changes.Destroyed.Select(ObjectIds.OfFolder));
        response["updatedProperties"] = changes is { Updated: [], Counted: not [] } ? JmapText.Array(MailboxRecord.Counts) : null;
        return response;
    }

    /// <exception cref="MethodException">It is not known what changed since.</exception>
    public static async Task<EmailFolderChanges> ReadAsync(JmapCall call, string since, CancellationToken cancellationToken)
    {
        if (!JmapState.TryParse(since, out long modSeq))
        {
            throw StandardChanges.CannotCalculate;
        }

        var grain = call.Emails;
        var changes = await call.Services.Calls.CallAsync(() => grain.GetFolderChangesAsync(modSeq), cancellationToken).ConfigureAwait(false);
        return changes.Known ? changes : throw StandardChanges.CannotCalculate;
    }
}
