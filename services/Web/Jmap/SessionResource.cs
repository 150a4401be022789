using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.BlobMethods;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Mailboxes;
using MailCloud.Web.Jmap.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Jmap;

/// <summary>The session resource (RFC 8620 §2): what this server can do, where, and for whom.</summary>
internal static class SessionResource
{
    /// <summary>RFC 8620 §2.2 lets it redirect; some clients drop their Authorization field then.</summary>
    private const string WellKnown = "/.well-known/jmap";

    /// <summary>Levels of folders, which the mailbox allows.</summary>
    private const int MaxMailboxDepth = 32;

    public static void Map(IEndpointRouteBuilder jmap)
    {
        jmap.MapGet(WellKnown, Get);
        jmap.MapGet("/jmap/session", Get);
    }

    /// <summary>Changes with everything that the resource has (RFC 8620 §2). Where it was asked for is not of it: names of one server.</summary>
    public static string StateOf(JmapUser user, JmapOptions options) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe(user, options, "", "").ToJsonString())).AsSpan(0, 8));

    private static IResult Get(HttpContext context, JmapUser user, JmapOptions options)
    {
        var request = context.Request;
        var json = Describe(user, options, $"{request.Scheme}://{request.Host}", $"{(request.IsHttps ? "wss" : "ws")}://{request.Host}");
        json["state"] = StateOf(user, options);
        return JmapJson.Result(json);
    }

    private static JsonObject Describe(JmapUser user, JmapOptions options, string server, string webSocketServer) => new()
    {
        ["capabilities"] = OfServer(options, webSocketServer),
        ["accounts"] = new JsonObject
        {
            [user.AccountKey] = new JsonObject
            {
                ["name"] = user.Address.ToString(),
                ["isPersonal"] = true,
                ["isReadOnly"] = user.IsReadOnly,
                ["accountCapabilities"] = OfAccount(options),
            },
        },
        ["primaryAccounts"] = new JsonObject(
            new[] { Capabilities.Mail, Capabilities.Submission, Capabilities.VacationResponse, Capabilities.Blob, Capabilities.Quota }.Select(name => KeyValuePair.Create(name, (JsonNode?)user.AccountKey))),
        ["username"] = user.Address.ToString(),
        ["apiUrl"] = $"{server}/jmap/api",
        ["downloadUrl"] = $"{server}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}",
        ["uploadUrl"] = $"{server}/jmap/upload/{{accountId}}",
        ["eventSourceUrl"] = $"{server}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}",
    };

    private static JsonObject OfServer(JmapOptions options, string webSocketServer)
    {
        var json = new JsonObject
        {
            [Capabilities.Core] = Limits(options),
            [Capabilities.Mail] = new JsonObject(),
            [Capabilities.Submission] = new JsonObject(),
            [Capabilities.VacationResponse] = new JsonObject(),
            [Capabilities.WebSocket] = new JsonObject { ["url"] = $"{webSocketServer}/jmap/ws", ["supportsPush"] = true },
            [Capabilities.Blob] = new JsonObject(),
            [Capabilities.Quota] = new JsonObject(),
        };

        // RFC 9749 §3: the key that a client gives its push service.
        if (options.Push.FindVapidKey() is { } key)
        {
            json[Capabilities.WebPushVapid] = new JsonObject { ["applicationServerKey"] = key.Public };
        }

        return json;
    }

    private static JsonObject Limits(JmapOptions options) => new()
    {
        ["maxSizeUpload"] = options.MaxSizeUpload,
        ["maxConcurrentUpload"] = options.MaxConcurrentUpload,
        ["maxSizeRequest"] = options.MaxSizeRequest,
        ["maxConcurrentRequests"] = options.MaxConcurrentRequests,
        ["maxCallsInRequest"] = options.MaxCallsInRequest,
        ["maxObjectsInGet"] = options.MaxObjectsInGet,
        ["maxObjectsInSet"] = options.MaxObjectsInSet,
        ["collationAlgorithms"] = new JsonArray("i;ascii-casemap", "i;unicode-casemap"),
    };

    // As EHLO has them: keyword and arguments. Of RFC 4865 the longest hold and the moment where it ends now; that one would be another in each answer, and is left to the number.
    private static JsonObject SubmissionExtensions(JmapOptions options) => options.MaxHold == TimeSpan.Zero
        ? []
        : new() { ["FUTURERELEASE"] = new JsonArray(((long)options.MaxHold.TotalSeconds).ToString(CultureInfo.InvariantCulture)) };

    private static JsonObject OfAccount(JmapOptions options) => new()
    {
        [Capabilities.Core] = new JsonObject(),

        // RFC 8621 §1.3.1.
        [Capabilities.Mail] = new JsonObject
        {
            ["maxMailboxesPerEmail"] = NewEmail.MaxFolders,
            ["maxMailboxDepth"] = MaxMailboxDepth,
            ["maxSizeMailboxName"] = MailboxProperties.MaxName,
            ["maxSizeAttachmentsPerEmail"] = EmailDraft.MaxAttachments,
            ["emailQuerySortOptions"] = new JsonArray(
                "receivedAt", "size", "from", "to", "subject", "sentAt", "hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"),
            ["mayCreateTopLevelMailbox"] = true,
        },

        // RFC 8621 §1.3.2.
        [Capabilities.Submission] = new JsonObject { ["maxDelayedSend"] = (long)options.MaxHold.TotalSeconds, ["submissionExtensions"] = SubmissionExtensions(options) },

        // RFC 8621 §1.3.3.
        [Capabilities.VacationResponse] = new JsonObject(),

        // RFC 9404 §2.
        [Capabilities.Blob] = new JsonObject
        {
            ["maxSizeBlobSet"] = options.MaxSizeUpload,
            ["maxDataSources"] = BlobUpload.MaxDataSources,
            ["supportedTypeNames"] = new JsonArray([.. BlobLookup.TypeNames.Select(name => JsonValue.Create(name))]),
            ["supportedDigestAlgorithms"] = new JsonArray([.. BlobGet.Digests.Keys.Select(name => JsonValue.Create(name))]),
        },
        [Capabilities.Quota] = new JsonObject(),
    };
}
