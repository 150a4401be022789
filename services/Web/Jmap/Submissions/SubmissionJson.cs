using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Identities;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>Submissions as JSON (RFC 8621 §7).</summary>
internal static class SubmissionJson
{
    public static readonly string[] Properties = ["id", "identityId", "emailId", "threadId", "envelope", "sendAt", "undoStatus", "deliveryStatus", "dsnBlobIds", "mdnBlobIds"];

    public static string IdOf(Guid submission) => $"s{submission:N}";

    public static bool TryParseId(string text, out Guid submission)
    {
        submission = default;
        return text.Length == 33 && text[0] == 's' && !text.AsSpan(1).ContainsAnyInRange('A', 'F') && Guid.TryParseExact(text.AsSpan(1), "N", out submission);
    }

    public static JsonObject Of(MailSubmission submission, JsonObject? deliveryStatus, JsonArray reports) => new()
    {
        ["id"] = IdOf(submission.Id),
        ["identityId"] = IdentityJson.IdOf(submission.Identity),
        ["emailId"] = ObjectIds.OfEmail(submission.Email),
        ["threadId"] = ObjectIds.OfThread(submission.Thread),
        ["envelope"] = SubmissionEnvelope.ToJson(submission.From, submission.To),
        ["sendAt"] = JmapText.UtcDate(submission.SendAt),
        ["undoStatus"] = TextOf(submission.Undo),
        ["deliveryStatus"] = deliveryStatus,

        ["dsnBlobIds"] = reports,

        // What other people's programs send comes as messages of their own, and is not looked for.
        ["mdnBlobIds"] = new JsonArray(),
    };

    public static string TextOf(UndoStatus status) => status switch
    {
        UndoStatus.Pending => "pending",
        UndoStatus.Canceled => "canceled",
        _ => "final",
    };
}
