using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Requests;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/get (RFC 8621 §4.2).</summary>
internal static class EmailGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, EmailSelection.IsProperty);
        var selection = EmailSelection.Read(call, request.Properties is null ? EmailSelection.OfGet : [.. request.Properties.Prepend("id").Distinct()]);
        call.Arguments.Done();

        var ids = request.Ids ?? [.. (await EmailReader.FindAllAsync(call, collapseThreads: false, cancellationToken).ConfigureAwait(false)).Select(ObjectIds.OfEmail)];
        var emails = ids.Select(id => ObjectIds.TryParseEmail(id, out var email) ? email : (Guid?)null).OfType<Guid>().ToArray();
        var page = await EmailReader.ReadAsync(call, emails, selection.NeedsContent, cancellationToken).ConfigureAwait(false);
        var found = page.Emails.ToDictionary(email => ObjectIds.OfEmail(email.Id), StringComparer.Ordinal);
        var builder = new EmailBuilder(selection, call.Services.PartSizes);
        var (list, notFound, length) = (new JsonArray(), new List<string>(), 0L);
        foreach (var id in ids)
        {
            if (found.TryGetValue(id, out var email) && await BuildAsync(call, builder, email, page.Keywords, cancellationToken).ConfigureAwait(false) is { } json)
            {
                list.Add((JsonNode)json);
                length += JmapJson.LengthOf(json);
                if (length > RequestRunner.MaxResponse)
                {
                    throw new MethodException("requestTooLarge", "these Emails give more than a response may have: ask for fewer");
                }
            }
            else
            {
                notFound.Add(id);
            }
        }

        return StandardGet.Response(call, JmapState.Text(page.ModSeq), list, notFound);
    }

    // Null: it was destroyed after the mailbox was asked, and its body is gone.
    private static async Task<JsonObject?> BuildAsync(
        JmapCall call, EmailBuilder builder, EmailRecord email, IReadOnlyList<string> keywords, CancellationToken cancellationToken)
    {
        var content = email.Content is null ? null : EmailContent.Of(email, call.Services.Blobs);
        try
        {
            return await builder.BuildAsync(property => Metadata(email, keywords, property), content, cancellationToken).ConfigureAwait(false);
        }
        catch (BlobMissingException)
        {
            return null;
        }
    }

    private static JsonNode? Metadata(EmailRecord email, IReadOnlyList<string> keywords, string property) => property switch
    {
        "id" => ObjectIds.OfEmail(email.Id),
        "blobId" => new BlobId(BlobKind.Message, email.Id).ToString(),
        "threadId" => ObjectIds.OfThread(email.Thread),
        "mailboxIds" => new JsonObject(email.Folders.Select(folder => KeyValuePair.Create(ObjectIds.OfFolder(folder), (JsonNode?)true))),
        "keywords" => EmailKeywords.ToJson(email.Flags, keywords),
        "size" => email.Size,
        _ => JmapText.UtcDate(email.ReceivedAt),
    };
}
