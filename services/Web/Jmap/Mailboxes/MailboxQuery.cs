using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Mailbox/query (RFC 8621 §2.3).</summary>
internal static class MailboxQuery
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQuery.Read(call);
        var selection = MailboxSelection.Read(request.Filter, request.Sort, call.Arguments);
        call.Arguments.Done();
        var answer = await FolderReader.ReadAsync(call, withCounts: false, cancellationToken).ConfigureAwait(false);
        var ids = selection.Choose(answer.Folders).ConvertAll(folder => ObjectIds.OfFolder(folder.Id));
        var start = request.StartIn(ids.Count, anchor => ids.IndexOf(anchor));
        var window = ids.Skip((int)Math.Min(start, ids.Count)).Take(request.LimitOf(int.MaxValue));
        return request.Response(call, JmapState.Text(answer.ModSeq), selection.CanCalculateChanges, start, window, ids.Count);
    }
}
