using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>Runs one method call and gives the arguments of its response.</summary>
/// <exception cref="MethodException">The method fails with one of the errors of RFC 8620 §3.6.2.</exception>
internal delegate Task<JsonObject> MethodHandler(JmapCall call, CancellationToken cancellationToken);

/// <param name="Name">For example <c>Email/get</c>.</param>
/// <param name="Capability">Of which a request must be using one, for the method to exist (RFC 8620 §3.3).</param>
internal sealed record JmapMethod(string Name, string Capability, MethodHandler RunAsync)
{
    /// <summary>It changes something of the account. A push subscription is of whoever made it, and of no account (RFC 8620 §7.2).</summary>
    public bool Changes => Name != "PushSubscription/set" && (Name.EndsWith("/set", StringComparison.Ordinal) || Name.EndsWith("/copy", StringComparison.Ordinal)
        || Name.EndsWith("/import", StringComparison.Ordinal) || Name.EndsWith("/upload", StringComparison.Ordinal));
}

/// <summary>The capabilities of this server (RFC 8620 §2, RFC 8621 §1.3, RFC 8887 §2, RFC 9404 §2, RFC 9425 §2, RFC 9749 §3).</summary>
internal static class Capabilities
{
    public const string Core = "urn:ietf:params:jmap:core";
    public const string Mail = "urn:ietf:params:jmap:mail";
    public const string Submission = "urn:ietf:params:jmap:submission";
    public const string VacationResponse = "urn:ietf:params:jmap:vacationresponse";
    public const string WebSocket = "urn:ietf:params:jmap:websocket";
    public const string Blob = "urn:ietf:params:jmap:blob";
    public const string Quota = "urn:ietf:params:jmap:quota";
    public const string WebPushVapid = "urn:ietf:params:jmap:webpush-vapid";

    public static readonly FrozenSet<string> All = new[] { Core, Mail, Submission, VacationResponse, WebSocket, Blob, Quota, WebPushVapid }.ToFrozenSet(StringComparer.Ordinal);
}
