using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.BlobMethods;

/// <summary>Blob/copy (RFC 8620 §6.3). There is one account to copy from and to, so that a copy is the blob itself.</summary>
internal static class BlobCopy
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var arguments = call.Arguments;
        if (arguments.RequireText("fromAccountId") != call.User.AccountKey)
        {
            throw new MethodException("fromAccountNotFound", "the only account is the one of the session resource");
        }

        var account = call.Account;
        var ids = arguments.RequireTexts("blobIds");
        arguments.Done();
        if (ids.Count > call.Services.Options.MaxObjectsInSet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInSet} blobs at a time");
        }

        var (copied, notCopied) = (new JsonObject(), new JsonObject());
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            if (await call.Services.BlobsById.FindAsync(account, id, cancellationToken) is { } blob)
            {
                copied[id] = blob.Id.ToString();
            }
            else
            {
                notCopied[id] = new SetError("notFound", "there is no such blob").ToJson();
            }
        }

        return new()
        {
            ["fromAccountId"] = call.User.AccountKey,
            ["accountId"] = call.User.AccountKey,
            ["copied"] = copied.Count > 0 ? copied : null,
            ["notCopied"] = notCopied.Count > 0 ? notCopied : null,
        };
    }
}
