using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Requests;
using MailCloud.Web.Jmap.Transfer;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/parse (RFC 8621 §4.9): messages that are not, or only as attachments, in the mailbox.</summary>
internal static class EmailParse
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var blobs = call.Arguments.RequireTexts("blobIds").Select(id => call.Request.Resolve(id) ?? id).Distinct(StringComparer.Ordinal).ToArray();
        StandardGet.CheckCount(call, blobs.Length);
        var selection = EmailSelection.Read(call, StandardGet.ReadProperties(call, "properties", EmailSelection.IsProperty) ?? EmailSelection.OfParse);
        call.Arguments.Done();

        var builder = new EmailBuilder(selection, call.Services.PartSizes);
        var (parsed, notParsable, notFound, length) = (new JsonObject(), new List<string>(), new List<string>(), 0L);
        foreach (var id in blobs)
        {
            if (await FindAsync(call, id, cancellationToken).ConfigureAwait(false) is not var (content, size))
            {
                notFound.Add(id);
            }
            else if ((await content.HeaderAsync(cancellationToken).ConfigureAwait(false)).Fields.Count == 0)
            {
                notParsable.Add(id);
            }
            else
            {
                var json = await builder.BuildAsync(property => Metadata(id, size, property), content, cancellationToken).ConfigureAwait(false);
                length += JmapJson.LengthOf(json);
                parsed[id] = length <= RequestRunner.MaxResponse ? json
                    : throw new MethodException("requestTooLarge", "these blobs give more than a response may have: ask for fewer");
            }
        }

        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["parsed"] = parsed.Count == 0 ? null : parsed,
            ["notParsable"] = notParsable.Count == 0 ? null : JmapText.Array(notParsable),
            ["notFound"] = notFound.Count == 0 ? null : JmapText.Array(notFound),
        };
    }

    // It is read once to be summarised, and again where a text or a size is asked for. Any octets can be read as a message: one without any field is none.
    private static async Task<(EmailContent Content, long Size)?> FindAsync(JmapCall call, string id, CancellationToken cancellationToken)
    {
        if (await call.Services.BlobsById.FindAsync(call.Account, id, cancellationToken).ConfigureAwait(false) is not { } blob)
        {
            return null;
        }

        try
        {
            await using var octets = await call.Request.Octets.OpenAsync(blob, 0, cancellationToken).ConfigureAwait(false);
            var summary = await MessageParser.SummariseAsync(octets, cancellationToken).ConfigureAwait(false);

            // Its parts have no blobs of their own: an id names a part of an Email of the mailbox.
            var content = new EmailContent(
                summary,
                default,
                async (offset, length, token) => new FirstOctets(await blob.OpenAsync(offset, token).ConfigureAwait(false), length),
                $"{call.Account.Value} {id}",
                _ => null);
            return (content, summary.Structure.BodyOffset + summary.Structure.BodyLength);
        }
        catch (BlobMissingException)
        {
            return null;
        }
        catch (SetException e)
        {
            throw new MethodException("requestTooLarge", e.Error.Description);
        }
    }

    // §4.9: what a message has only in a mailbox is null.
    private static JsonNode? Metadata(string blob, long size, string property) => property switch
    {
        "blobId" => blob,
        "size" => size,
        _ => null,
    };
}
