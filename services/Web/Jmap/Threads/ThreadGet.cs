using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Mailboxes;

namespace MailCloud.Web.Jmap.Threads;

/// <summary>Thread/get (RFC 8621 §3.1).</summary>
internal static class ThreadGet
{
    private static readonly string[] Properties = ["id", "emailIds"];

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, Properties.Contains);
        call.Arguments.Done();
        var modSeq = await FolderReader.ReadModSeqAsync(call, cancellationToken).ConfigureAwait(false);
        var ids = request.Ids ?? await AllAsync(call, cancellationToken).ConfigureAwait(false);
        var threads = ids.Select(id => ObjectIds.TryParseThread(id, out var thread) ? thread : (ulong?)null).OfType<ulong>().ToArray();
        var grain = call.Emails;
        var found = (await call.Services.Calls.CallAsync(() => grain.GetThreadsAsync(threads), cancellationToken).ConfigureAwait(false))
            .ToDictionary(thread => ObjectIds.OfThread(thread.Id), StringComparer.Ordinal);
        return StandardGet.Response(
            call,
            JmapState.Text(modSeq),
            new([.. ids.Where(found.ContainsKey).Select(id => request.Choose(Record(found[id])))]),
            ids.Where(id => !found.ContainsKey(id)));
    }

    private static JsonObject Record(EmailThread thread) => new()
    {
        ["id"] = ObjectIds.OfThread(thread.Id),
        ["emailIds"] = JmapText.Array(thread.Emails.Select(ObjectIds.OfEmail)),
    };

    private static async Task<IReadOnlyList<string>> AllAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var emails = await EmailReader.FindAllAsync(call, collapseThreads: true, cancellationToken).ConfigureAwait(false);
        var page = await EmailReader.ReadAsync(call, emails, withContent: false, cancellationToken).ConfigureAwait(false);
        return [.. page.Emails.Select(email => ObjectIds.OfThread(email.Thread))];
    }
}
