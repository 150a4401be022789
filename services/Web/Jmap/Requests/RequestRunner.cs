using System.Text.Json.Nodes;
using MailCloud.Cluster;
using MailCloud.Standing;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>What became of a request: a Response object, or why there is none.</summary>
internal readonly record struct RequestOutcome(JsonObject? Response, RequestError? Error);

/// <summary>Runs the calls of a request, one after the other (RFC 8620 §3.3), whatever it has come by.</summary>
internal sealed class RequestRunner(JmapServices services, RequestTurns turns, Standings standings)
{
    /// <summary>
    /// Characters of a response, about: it is in memory until all calls have run, and references may take from it. This is what one Email's
    /// attachments may have. The call that goes beyond is answered, those after it are not.
    /// </summary>
    public const long MaxResponse = 50_000_000;

    private readonly ILogger log = services.Loggers.CreateLogger("MailCloud.Web.Jmap");

    private JmapOptions Options => services.Options;

    public Task<RequestOutcome> RunAsync(ReadOnlyMemory<byte> octets, JmapUser user, CancellationToken cancellationToken)
    {
        if (octets.Length > Options.MaxSizeRequest)
        {
            return Task.FromResult(TooLong(Options));
        }

        return JmapJson.TryParse(octets, out var node) ? RunAsync(node, user, cancellationToken) : Task.FromResult(new RequestOutcome(null, RequestError.NotJson));
    }

    public async Task<RequestOutcome> RunAsync(JsonNode? node, JmapUser user, CancellationToken cancellationToken)
    {
        if (!RequestObject.TryRead(node, out var request))
        {
            return new(null, RequestError.NotRequest);
        }

        if (request.Using.FirstOrDefault(name => !Capabilities.All.Contains(name)) is { } unknown)
        {
            return new(null, RequestError.UnknownCapability(unknown));
        }

        if (request.Calls.Count > Options.MaxCallsInRequest)
        {
            return new(null, RequestError.Beyond("maxCallsInRequest", $"a request has {Options.MaxCallsInRequest} calls at most"));
        }

        using var turn = turns.TryEnter(user.Account, "request", Options.MaxConcurrentRequests);
        return turn is null ? TooMany(Options) : new(await RespondAsync(request, user, cancellationToken), null);
    }

    public static RequestOutcome TooMany(JmapOptions options) =>
        new(null, RequestError.Beyond("maxConcurrentRequests", $"an account has {options.MaxConcurrentRequests} requests under way at most"));

    public static RequestOutcome TooLong(JmapOptions options) => new(null, RequestError.Beyond("maxSizeRequest", $"a request has {options.MaxSizeRequest} octets at most"));

    private async Task<JsonObject> RespondAsync(RequestObject request, JmapUser user, CancellationToken cancellationToken)
    {
        var common = new JmapRequest(user, services, request.Using, request.CreatedIds);
        var responses = new List<Invocation>();
        var references = new ResultReferences(responses, Options.MaxSizeRequest);
        var (counted, length) = (0, 0L);
        foreach (var call in request.Calls)
        {
            if (length > MaxResponse)
            {
                responses.Add(new("error", ErrorOf("requestTooLarge", "the calls before give as much as a response may have: make this one in a request of its own"), call.CallId));
                continue;
            }

            await RunAsync(call, common, references, responses, cancellationToken);
            for (; counted < responses.Count; counted++)
            {
                length += JmapJson.LengthOf(responses[counted].Arguments);
            }
        }

        var response = new JsonObject { ["methodResponses"] = new JsonArray([.. responses.Select(each => new JsonArray(each.Name, each.Arguments, each.CallId))]) };
        if (request.CreatedIds is not null)
        {
            response["createdIds"] = new JsonObject(common.CreatedIds.Select(id => KeyValuePair.Create(id.Key, (JsonNode?)id.Value)));
        }

        response["sessionState"] = SessionResource.StateOf(user, Options);
        return response;
    }

    private async Task RunAsync(Invocation call, JmapRequest request, ResultReferences references, List<Invocation> responses, CancellationToken cancellationToken)
    {
        // RFC 8620 §3.3: a method of a capability that the request does not use is not there.
        var method = JmapMethods.All.GetValueOrDefault(call.Name) is { } found && request.Capabilities.Contains(found.Capability) ? found : null;
        responses.Add(await AnswerAsync(method, call, request, references, cancellationToken));

        // What follows is the method's own, and needs no capability but its.
        foreach (var (name, arguments) in request.TakeFollowing())
        {
            // Mail that was sent is not left among the drafts because the client has gone meanwhile.
            responses.Add(await AnswerAsync(JmapMethods.All.GetValueOrDefault(name), new(name, arguments, call.CallId), request, references, CancellationToken.None));
        }
    }

    private async Task<Invocation> AnswerAsync(JmapMethod? method, Invocation call, JmapRequest request, ResultReferences references, CancellationToken cancellationToken)
    {
        var (result, error) = await TryAsync(method, call, request, references, cancellationToken);
        return result is null ? new("error", error!, call.CallId) : new(call.Name, result, call.CallId);
    }

    private async Task<(JsonObject? Result, JsonObject? Error)> TryAsync(JmapMethod? method, Invocation call, JmapRequest request, ResultReferences references, CancellationToken cancellationToken)
    {
        try
        {
            if (method is null)
            {
                return (null, ErrorOf("unknownMethod", $"{call.Name} is no method of the capabilities that are used"));
            }

            if (standings.TakeTurn(request.User.Tenant) is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, services.Time, cancellationToken);
            }

            var arguments = new JmapArguments(references.Resolve(call.Arguments));
            var run = new JmapCall(call.Name, arguments, request);
            if (method.Changes && request.User.IsReadOnly && run.Account == request.User.Account)
            {
                return (null, ErrorOf("accountReadOnly", "the token that was shown may only read"));
            }

            return (await method.RunAsync(run, cancellationToken), null);
        }
        catch (MethodException e)
        {
            if (e.Cause is not (null or GrainUnavailableException))
            {
                log.MethodFailed(call.Name, request.User.Account.Value, e.Cause);
            }

            return (null, ErrorOf(e.Type, e.Description));
        }
        catch (GrainUnavailableException)
        {
            return (null, ErrorOf("serverUnavailable", "what was asked for does not answer, try again"));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // RFC 8620 §3.6.2: what the server did not expect. The log has what it was.
            log.MethodFailed(call.Name, request.User.Account.Value, e);
            return (null, ErrorOf("serverFail", "this call failed by a fault of the server, which has been logged"));
        }
    }

    private static JsonObject ErrorOf(string type, string? description)
    {
        var json = new JsonObject { ["type"] = type };
        if (description is not null)
        {
            json["description"] = description;
        }

        return json;
    }
}
