using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Mailbox/get (RFC 8621 §2.1).</summary>
internal static class MailboxGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, MailboxRecord.Properties.Contains);
        call.Arguments.Done();
        var withCounts = request.Properties?.Any(MailboxRecord.Counts.Contains) ?? true;
        var answer = await FolderReader.ReadAsync(call, withCounts, cancellationToken).ConfigureAwait(false);
        var tree = new FolderTree(answer.Folders);
        var byId = answer.Folders.ToDictionary(folder => ObjectIds.OfFolder(folder.Id), StringComparer.Ordinal);
        var ids = request.Ids ?? [.. byId.Keys];
        StandardGet.CheckCount(call, ids.Count);
        return StandardGet.Response(
            call,
            JmapState.Text(answer.ModSeq),
            new([.. ids.Where(byId.ContainsKey).Select(id => request.Choose(MailboxRecord.Build(byId[id], tree)))]),
            ids.Where(id => !byId.ContainsKey(id)));
    }
}
