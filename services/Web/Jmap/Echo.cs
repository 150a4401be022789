using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>Core/echo (RFC 8620 §4): gives its arguments back.</summary>
internal static class Echo
{
    public static Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken) => Task.FromResult(call.Arguments.All());
}
