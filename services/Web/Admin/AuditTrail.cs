using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// Writes down what is done by the admin API: each request that may change something, and each that its token does not allow. First that it is about to be done, and nothing is done when that cannot
/// be written; then what became of it. So whatever is done has its record: one without an end is of a process that died, or of an end that could not be written, which is logged.
/// </summary>
internal sealed class AuditTrail(IGrainFactory grains, TimeProvider time, ILogger<AuditTrail> log)
{
    /// <summary>Some 3 MB.</summary>
    private const int MaxKept = 10_000;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>When this edge last wrote down that somebody works on something of many requests.</summary>
    private readonly ConcurrentDictionary<(string? Token, string Operation, string Address), DateTimeOffset> works = new();

    public async Task RunAsync(Caller caller, HttpContext context, RequestDelegate next)
    {
        // 404, 405 and 415 by the path, the method or the type of content alone change nothing.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }

        var act = new Act();
        context.Features.Set(act);
        var isWork = endpoint.Metadata.GetMetadata<PartOfAWork>() is not null;
        var isRead = (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && endpoint.Metadata.GetMetadata<WrittenDown>() is null;
        if (isRead && !isWork)
        {
            await next(context);
            return;
        }

        var record = RecordOf(caller, context);
        var work = (record.TokenId, record.Operation, isWork ? (string)context.Request.RouteValues["address"]! : "");
        if (isWork && IsKnown(work, record.At))
        {
            await next(context);
            return;
        }

        IAuditGrain trail;
        try
        {
            trail = grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(await TenantAsync(caller, context)));
            await trail.BeginAsync(record);
            if (isWork)
            {
                Remember(work, record.At);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.ActNotBegun(record.Operation, e);
            await Problem.Unavailable("nothing was done, as it cannot be written to the audit log now: try again").ExecuteAsync(context);
            return;
        }

        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        finally
        {
            await EndAsync(trail, record with { Status = status, Before = act.Before, After = act.After });
        }
    }

    /// <summary>Into the log of who asked: the other tenant's administrators do not learn of it, nor can their log be filled.</summary>
    public Task RefuseAsync(Caller caller, HttpContext context, int status) =>
        EndAsync(grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(caller.Tenant)), RecordOf(caller, context) with { Status = status });

    private bool IsKnown((string? Token, string Operation, string Address) work, DateTimeOffset now) => works.TryGetValue(work, out var at) && now - at < Hour;

    private void Remember((string? Token, string Operation, string Address) work, DateTimeOffset now)
    {
        if (works.Count >= MaxKept)
        {
            works.Clear();
        }

        works[work] = now;
    }

    private async Task EndAsync(IAuditGrain trail, AuditRecord record)
    {
        try
        {
            await trail.EndAsync(record);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.ActNotEnded(record.Operation, record.Path, record.Status ?? 0, e);
        }
    }

    private AuditRecord RecordOf(Caller caller, HttpContext context) => new()
    {
        Act = Guid.CreateVersion7(time.GetUtcNow()),
        At = time.GetUtcNow(),
        TokenId = caller.TokenId,
        Name = caller.Name,
        Role = caller.Role,
        From = context.Connection.RemoteIpAddress?.ToString() ?? "",
        Operation = $"{context.Request.Method} {((RouteEndpoint)context.GetEndpoint()!).RoutePattern.RawText?[AdminAccess.Path.Length..].TrimEnd('/')}",
        Path = context.Request.Path,
    };

    // In the log of the tenant whose things they are; its administrators see what the platform's do.
    private async Task<TenantId?> TenantAsync(Caller caller, HttpContext context)
    {
        var route = context.Request.RouteValues;
        if (caller.Tenant is { } own)
        {
            return own;
        }

        if (route.TryGetValue("tenant", out var name))
        {
            return TenantId.IsValid((string)name!) && await grains.GetGrain<ITenantGrain>((string)name!).GetAsync() is { } tenant ? tenant.Id : null;
        }

        var address = route.TryGetValue("domain", out var domain) ? $"postmaster@{domain}" : route.TryGetValue("address", out var text) ? (string)text! : "";
        return EmailAddress.TryParse(address, out var parsed) ? await grains.GetGrain<IDomainGrain>(parsed.AsciiDomain).GetTenantAsync() : null;
    }
}

/// <summary>
/// An endpoint of which one work makes many requests, as an export of a mailbox: who does it, on which address, is written down once an hour by each edge, also where it only reads.
/// </summary>
internal sealed record PartOfAWork;

/// <summary>An endpoint that only reads, and each of whose requests is written down, as it hands out much at once.</summary>
internal sealed record WrittenDown;

/// <summary>What a handler says of what it changed. A handler that has it as a parameter gets it.</summary>
internal sealed class Act
{
    /// <summary>Characters: an alias of a hundred targets has some 3,000.</summary>
    private const int MaxChange = 4000;

    /// <summary>What was otherwise before, as a JSON object; null when nothing was said.</summary>
    public string? Before { get; private set; }

    public string? After { get; private set; }

    public static ValueTask<Act?> BindAsync(HttpContext context) => new(context.Features.GetRequiredFeature<Act>());

    /// <summary>Keeps those members of two views of a thing that differ; null: there was, or is, no such thing. A view has no secrets.</summary>
    /// <param name="secret">What was set and is not shown; null: nothing was.</param>
    public void Changed(object? before, object? after, string? secret = null)
    {
        var (was, becomes) = (Members(before), Members(after));
        foreach (var name in was.Select(member => member.Key).Where(name => becomes.ContainsKey(name) && JsonNode.DeepEquals(was[name], becomes[name])).ToArray())
        {
            was.Remove(name);
            becomes.Remove(name);
        }

        if (secret is not null)
        {
            becomes[secret] = "set";
        }

        (Before, After) = (Text(was), Text(becomes));
    }

    private static JsonObject Members(object? view) => view is null ? [] : JsonSerializer.SerializeToNode(view, view.GetType(), Operations.Format)!.AsObject();

    private static string? Text(JsonObject members)
    {
        var text = members.Count == 0 ? null : members.ToJsonString(Operations.Format);
        return text?.Length > MaxChange ? new JsonObject { ["characters"] = text.Length }.ToJsonString() : text;
    }
}
