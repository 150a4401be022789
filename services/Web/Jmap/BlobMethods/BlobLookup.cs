using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.BlobMethods;

/// <summary>Blob/lookup (RFC 9404 §4.3): which Emails, threads and mailboxes have a blob. One of a message is of that message; an upload is of nothing, as what uses it copies it.</summary>
internal static class BlobLookup
{
    public static readonly IReadOnlyList<string> TypeNames = ["Mailbox", "Thread", "Email"];

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var types = call.Arguments.RequireTexts("typeNames");
        var ids = call.Arguments.RequireTexts("ids").Distinct(StringComparer.Ordinal).ToList();
        call.Arguments.Done();
        if (types.FirstOrDefault(type => !TypeNames.Contains(type) || !call.Request.Capabilities.Contains(Capabilities.Mail)) is { } unknown)
        {
            throw new MethodException("unknownDataType", $"there is no type {unknown} with blobs in the capabilities that are used");
        }

        if (ids.Count > call.Services.Options.MaxObjectsInGet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInGet} blobs at a time");
        }

        var (list, notFound) = (new JsonArray(), new JsonArray());
        foreach (var id in ids)
        {
            // RFC 9404 §4.3: what there is not, or not for who asks, matches nothing, as what nothing has.
            var blob = await call.Services.BlobsById.FindAsync(call.User.Account, call.Request.Resolve(id), cancellationToken);
            var email = blob is null or { Id.Kind: BlobKind.Upload } ? null : await FindAsync(call, blob.Id.Id, cancellationToken);
            list.Add(new JsonObject { ["id"] = id, ["matchedIds"] = new JsonObject(types.Distinct().Select(type => KeyValuePair.Create(type, (JsonNode?)Matched(type, email)))) });
            if (blob is null)
            {
                notFound.Add(id);
            }
        }

        return new() { ["accountId"] = call.User.AccountKey, ["list"] = list, ["notFound"] = notFound.Count > 0 ? notFound : null };
    }

    private static async Task<EmailRecord?> FindAsync(JmapCall call, Guid email, CancellationToken cancellationToken)
    {
        var page = await call.Services.Calls.CallAsync(() => call.Emails.GetAsync([email], withContent: false), cancellationToken);
        return page.Emails is [var found] ? found : null;
    }

    private static JsonArray Matched(string type, EmailRecord? email) => (type, email) switch
    {
        (_, null) => [],
        ("Mailbox", _) => [.. email.Folders.Select(folder => JsonValue.Create(ObjectIds.OfFolder(folder)))],
        ("Thread", _) => [ObjectIds.OfThread(email.Thread)],
        _ => [ObjectIds.OfEmail(email.Id)],
    };
}
