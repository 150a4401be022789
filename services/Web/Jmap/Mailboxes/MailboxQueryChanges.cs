using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>
/// Mailbox/queryChanges (RFC 8621 §2.4): every folder that was made, changed or deleted is removed from the old result, and put into the new one where it stands now. Counts change no result.
/// </summary>
internal static class MailboxQueryChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQueryChanges.Read(call);
        var selection = MailboxSelection.Read(request.Filter, request.Sort, call.Arguments);
        call.Arguments.Done();

        // The folders first: what changes after them is told again with the next state.
        var answer = await FolderReader.ReadAsync(call, withCounts: false, cancellationToken).ConfigureAwait(false);
        var changes = await MailboxChanges.ReadAsync(call, request.SinceQueryState, cancellationToken).ConfigureAwait(false);
        HashSet<int> changed = [.. changes.Created, .. changes.Updated, .. changes.Destroyed];
        if (changed.Count > 0 && !selection.CanCalculateChanges)
        {
            throw StandardChanges.CannotCalculate;
        }

        var now = selection.Choose(answer.Folders);
        var added = now.Select((folder, index) => (folder, index)).Where(item => changed.Contains(item.folder.Id))
            .Select(item => (ObjectIds.OfFolder(item.folder.Id), (long)item.index));
        return request.Response(call, JmapState.Text(answer.ModSeq), [.. changed.Order().Select(ObjectIds.OfFolder)], [.. added], now.Count);
    }
}
