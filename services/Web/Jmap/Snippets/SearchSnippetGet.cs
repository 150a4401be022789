using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Jmap.Snippets;

/// <summary>SearchSnippet/get (RFC 8621 §5.1).</summary>
internal static class SearchSnippetGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var words = SnippetWords.Of(EmailConditions.Read(call.Arguments.FindObject("filter")));
        var ids = call.Arguments.RequireTexts("emailIds").Distinct(StringComparer.Ordinal).ToArray();
        StandardGet.CheckCount(call, ids.Length);
        call.Arguments.Done();

        var emails = ids.Select(id => ObjectIds.TryParseEmail(id, out var email) ? email : (Guid?)null).OfType<Guid>().ToArray();
        var page = await EmailReader.ReadAsync(call, emails, withContent: true, cancellationToken).ConfigureAwait(false);
        var found = page.Emails.ToDictionary(email => ObjectIds.OfEmail(email.Id), StringComparer.Ordinal);
        var (list, notFound) = (new JsonArray(), new List<string>());
        foreach (var id in ids)
        {
            if (found.TryGetValue(id, out var email) && await BuildAsync(call, id, email, words, cancellationToken).ConfigureAwait(false) is { } snippet)
            {
                list.Add((JsonNode)snippet);
            }
            else
            {
                notFound.Add(id);
            }
        }

        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["list"] = list,
            ["notFound"] = notFound.Count == 0 ? null : JmapText.Array(notFound),
        };
    }

    // Null: it was destroyed after the mailbox was asked, and its body is gone.
    private static async Task<JsonObject?> BuildAsync(JmapCall call, string id, EmailRecord email, SnippetWords words, CancellationToken cancellationToken)
    {
        try
        {
            return await SnippetBuilder.BuildAsync(id, EmailContent.Of(email, call.Services.Blobs), words, cancellationToken).ConfigureAwait(false);
        }
        catch (BlobMissingException)
        {
            return null;
        }
    }
}
