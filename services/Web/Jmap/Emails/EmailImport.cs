using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.Messages;
using MimeKit.Utils;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/import (RFC 8621 §4.8): messages that were uploaded, or are in the account already, as they are to the octet. The same message may be imported again: it is another Email then.</summary>
internal static class EmailImport
{
    /// <summary>Octets in which the first field of a message must begin and have its colon (RFC 5322 §2.1.1).</summary>
    private const int FirstLine = 998;

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var ifInState = call.Arguments.FindText("ifInState");
        var emails = call.Arguments.RequireObject("emails");
        call.Arguments.Done();
        if (emails.Count > call.Services.Options.MaxObjectsInSet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInSet} at once");
        }

        var writer = await EmailWriter.BeginAsync(call, ifInState, cancellationToken);
        var (created, notCreated) = (new JsonObject(), new JsonObject());
        try
        {
            foreach (var (creationId, node) in emails)
            {
                await ImportAsync(call, writer, created, notCreated, creationId, node, cancellationToken);
            }
        }
        catch (Exception e) when (e is not (MethodException or OperationCanceledException) && writer.States.Changed)
        {
            throw MethodException.PartialFail(e);
        }

        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["oldState"] = writer.States.Old,
            ["newState"] = writer.States.New,
            ["created"] = created.Count == 0 ? null : created,
            ["notCreated"] = notCreated.Count == 0 ? null : notCreated,
        };
    }

    private static async Task ImportAsync(JmapCall call, EmailWriter writer, JsonObject created, JsonObject notCreated, string creationId, JsonNode? node, CancellationToken cancellationToken)
    {
        try
        {
            var email = Read(node, call.Request);
            await using var intake = new MessageIntake(call);
            await CopyAsync(call, writer, email.BlobId, email.Folders, intake.Octets, cancellationToken);
            created[creationId] = await intake.FileAsync(writer, email.Folders, email.Keywords, summary => email.ReceivedAt ?? LastReceived(summary), cancellationToken);
            call.Request.CreatedIds[creationId] = (string)created[creationId]!["id"]!;
        }
        catch (SetException e)
        {
            notCreated[creationId] = e.Error.ToJson();
        }
        catch (BlobMissingException)
        {
            notCreated[creationId] = SetError.InvalidProperties("the blob is gone", "blobId").ToJson();
        }
        catch (StorageFullException)
        {
            notCreated[creationId] = new SetError("overQuota", "the server has no room for it").ToJson();
        }
    }

    private static (string BlobId, int[] Folders, string[] Keywords, DateTimeOffset? ReceivedAt) Read(JsonNode? node, JmapRequest request)
    {
        var json = node as JsonObject ?? throw SetException.Invalid("an import is an object");
        if (json.FirstOrDefault(member => member.Key is not ("blobId" or "mailboxIds" or "keywords" or "receivedAt")).Key is { } unknown)
        {
            throw SetException.Invalid($"there is no {unknown}", unknown);
        }

        var blobId = JmapArguments.TextOf(json["blobId"]) ?? throw SetException.Invalid("blobId is missing", "blobId");
        return (request.Resolve(blobId) ?? blobId, EmailProperties.Folders(json["mailboxIds"], request), EmailProperties.Keywords(json["keywords"]), EmailProperties.ReceivedAt(json["receivedAt"]));
    }

    private static async Task CopyAsync(JmapCall call, EmailWriter writer, string blobId, int[] folders, Stream octets, CancellationToken cancellationToken)
    {
        var blob = await call.Services.BlobsById.FindAsync(call.Account, blobId, cancellationToken) ?? throw SetException.Invalid("there is no such blob", "blobId");
        call.Request.Octets.Check(blob.Size ?? 0);
        await writer.CheckRoomAsync(blob.Size ?? 0, folders, cancellationToken);
        await using var content = await call.Request.Octets.OpenAsync(blob, 0, cancellationToken);
        var piece = new byte[64 * 1024];
        var first = await content.ReadAtLeastAsync(piece, FirstLine, throwOnEndOfStream: false, cancellationToken);
        if (!BeginsWithField(piece.AsSpan(0, first)))
        {
            throw new SetException(new("invalidEmail", "a message begins with a header field (RFC 5322)"));
        }

        for (var read = first; read > 0; read = await content.ReadAsync(piece, cancellationToken))
        {
            await octets.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }
    }

    // RFC 5322 §2.2: printable characters without white space up to a colon, before which old messages may have some (§4.5).
    private static bool BeginsWithField(ReadOnlySpan<byte> message)
    {
        var colon = message.IndexOf((byte)':');
        var name = colon < 0 ? default : message[..colon].TrimEnd(" \t"u8);
        return name.Length > 0 && !name.ContainsAnyExceptInRange((byte)'!', (byte)'~');
    }

    // RFC 8621 §4.8: the time of the latest Received field, which stands first.
    private static DateTimeOffset? LastReceived(MessageSummary summary)
    {
        if (summary.Header is not { } header || HeaderSection.Parse(header).All("Received").FirstOrDefault() is not { } field)
        {
            return null;
        }

        var text = Encoding.Latin1.GetString(field.Value.Span).ReplaceLineEndings("");
        return DateUtils.TryParse(text[(text.LastIndexOf(';') + 1)..].Trim(), out var time) && time >= DateTimeOffset.UnixEpoch ? time : null;
    }
}
