using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>A request-level error (RFC 8620 §3.6.1): nothing of the request was done.</summary>
/// <param name="Limit">Which limit it was, of those in the session resource.</param>
internal sealed record RequestError(string Type, string Detail, string? Limit = null)
{
    private const string Urn = "urn:ietf:params:jmap:error:";

    public static readonly RequestError NotJson = new("notJSON", "the request is not I-JSON, or is not said to be application/json");

    public static readonly RequestError NotRequest = new("notRequest", "the request is JSON, and is no Request object: {using, methodCalls}");

    public int Status { get; init; } = StatusCodes.Status400BadRequest;

    public static RequestError UnknownCapability(string name) => new("unknownCapability", $"this server has no capability {name}");

    public static RequestError Beyond(string limit, string detail) => new("limit", detail, limit);

    /// <summary>Problem details (RFC 7807).</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = Urn + Type, ["status"] = Status, ["detail"] = Detail };
        if (Limit is not null)
        {
            json["limit"] = Limit;
        }

        return json;
    }

    public IResult ToResult() => JmapJson.Result(ToJson(), Status, "application/problem+json");
}
