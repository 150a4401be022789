using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

/// <summary>
/// Every endpoint of the admin API, as the router has them, asked with one tenant's tokens for what another has: it is answered as for what never was, and changes nothing. One that filters by itself
/// (<see cref="Reach.Caller"/>) has a case here, or the test fails.
/// </summary>
[Collection(nameof(WebServer))]
public sealed partial class IsolationTests(WebServer server) : IAsyncLifetime
{
    private const string Own = "iso-own";
    private const string Far = "far.test";

    /// <summary>By operation: the path behind <c>/admin/v1</c>, and the body.</summary>
    private static readonly Dictionary<string, Func<Things, (string Path, string? Body)>> cases = new()
    {
        ["importAccounts"] = of => ("/accounts/import", $"eve@{of.Domain},a long secret\n"),
        ["exportAccounts"] = of => ($"/accounts/export?domain={of.Domain}", null),
        ["listTenants"] = _ => ("/tenants", null),
        ["listAccounts"] = of => ($"/accounts?domain={of.Domain}", null),
        ["listSpool"] = of => ($"/spool?tenant={of.Tenant}", null),
        ["getWaitingMessage"] = of => ($"/spool/{of.Message}", null),
        ["retryMessage"] = of => ($"/spool/{of.Message}/retry", null),
        ["cancelMessage"] = of => ($"/spool/{of.Message}/cancel", null),
        ["createToken"] = of => ("/tokens", $$"""{"role":"help-desk","tenant":"{{of.Tenant}}","name":"theirs"}"""),
        ["listTokens"] = of => ($"/tokens?tenant={of.Tenant}", null),
        ["getToken"] = of => ($"/tokens/{of.Token}", null),
        ["revokeToken"] = of => ($"/tokens/{of.Token}", null),
        ["beginJob"] = of => ("/jobs", $$"""{"kind":"import-accounts","tenant":"{{of.Tenant}}"}"""),
        ["listJobs"] = of => ($"/jobs?tenant={of.Tenant}", null),
        ["getJob"] = of => ($"/jobs/{of.Job}", null),
        ["listJobRecords"] = of => ($"/jobs/{of.Job}/records", null),
        ["cancelJob"] = of => ($"/jobs/{of.Job}/cancel", null),
        ["putJobInput"] = of => ($"/jobs/{of.Job}/input", $"eve@{of.Domain},a long secret\n"),
    };

    private readonly List<(string Role, string Secret)> tokens = [];
    private Things other = null!;

    public async Task InitializeAsync()
    {
        await MakeTenantAsync(Own);
        foreach (var (role, whose) in new[] { ("tenant", $"\"tenant\":\"{Own}\""), ("help-desk", $"\"tenant\":\"{Own}\""), ("user", $"\"address\":\"bob@{Own}.test\"") })
        {
            tokens.Add((role, (await MakeTokenAsync(role, whose)).Secret));
        }

        var message = DeliveryId.New(DateTimeOffset.UtcNow);
        await MakeTenantAsync("iso-other");
        var (_, job) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"import-accounts","tenant":"iso-other"}""");
        other = new("iso-other", message.ToString(), (await MakeTokenAsync("tenant", "\"tenant\":\"iso-other\"")).Id, job.GetProperty("id").GetString()!);
        await AskAsync("PUT", "/tenants/iso-other/oidc", """{"issuer":"https://login.example","audiences":["mail"]}""");
        await AskAsync("PUT", "/tenants/iso-other/suppressions/x@far.test", "{}");
        await AskAsync("POST", "/domains/iso-other.test/dkim", """{"algorithm":"ed25519","selector":"one"}""");
        await AskAsync("POST", "/addresses/bob@iso-other.test/app-passwords", """{"name":"phone"}""");
        await AskAsync("POST", "/addresses/bob@iso-other.test/totp");
        await AskAsync("PUT", "/addresses/list@iso-other.test", """{"kind":"group"}""");
        await AskAsync("POST", "/addresses/list@iso-other.test/members", """{"members":["x@far.test"]}""");
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of(Far)).AddAsync([EntryOf(message)]);
    }

    // Other tests count what waits.
    public Task DisposeAsync() => AskAsync("POST", $"/spool/{other.Message}/cancel");

    [Fact]
    public async Task What_another_tenant_has_is_as_if_it_never_was()
    {
        var before = await ViewAsync();
        var wrong = new List<string>();
        Assert.NotEmpty(Endpoints());
        foreach (var endpoint in Endpoints())
        {
            foreach (var (role, secret) in tokens)
            {
                var (there, never) = (await AskAsync(endpoint, other, secret), await AskAsync(endpoint, Things.Never, secret));
                if (there != never || there.StartsWith('5') || (endpoint.Metadata.GetRequiredMetadata<Requirement>().Reach == Reach.Platform && !there.StartsWith("403", StringComparison.Ordinal)))
                {
                    wrong.Add($"{role}: {endpoint.DisplayName}: {there} and, of what never was, {never}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(before, await ViewAsync());
    }

    [Fact]
    public async Task A_list_of_everything_is_of_ones_own()
    {
        var path = $"/spool?destination={Far}";
        Assert.Contains("iso-other", await AskAsync("GET", path), StringComparison.Ordinal);
        Assert.DoesNotContain("iso-other", await AskAsync("GET", path, token: tokens[0].Secret), StringComparison.Ordinal);
        Assert.DoesNotContain("iso-other", await AskAsync("GET", "/tokens", token: tokens[0].Secret), StringComparison.Ordinal);
        Assert.DoesNotContain("iso-other", await AskAsync("GET", "/tenants", token: tokens[0].Secret), StringComparison.Ordinal);
        Assert.DoesNotContain("iso-other", await AskAsync("GET", "/jobs", token: tokens[0].Secret), StringComparison.Ordinal);
    }

    private IEnumerable<RouteEndpoint> Endpoints() => server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<Requirement>() is { Reach: not Reach.Nothing });

    // Status and text, without the names that were asked with.
    private async Task<string> AskAsync(RouteEndpoint endpoint, Things of, string token)
    {
        var (path, body) = endpoint.Metadata.GetRequiredMetadata<Requirement>().Reach == Reach.Caller ? CaseOf(endpoint)(of) : (PathOf(endpoint, of), "{}");
        var method = endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods[0];
        return of.Forget(await AskAsync(method, path, method == "GET" ? null : body ?? "", token));
    }

    private static Func<Things, (string Path, string? Body)> CaseOf(RouteEndpoint endpoint)
    {
        var name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName;
        Assert.True(name is not null && cases.ContainsKey(name), $"{endpoint.DisplayName} filters by itself: give it a case here");
        return cases[name];
    }

    private static string PathOf(RouteEndpoint endpoint, Things of)
    {
        var pattern = endpoint.RoutePattern.RawText!["/admin/v1".Length..];
        var ofTenant = pattern.Contains("{tenant}", StringComparison.Ordinal);
        return Parameter().Replace(pattern, parameter => parameter.Groups[1].Value switch
        {
            "tenant" => of.Tenant,
            "domain" => of.Domain,
            "address" when pattern.Contains("/members", StringComparison.Ordinal) => $"list@{of.Domain}",
            "address" => ofTenant ? "x@far.test" : $"bob@{of.Domain}",
            "member" => "x@far.test",
            "id" when pattern.Contains(":guid", StringComparison.Ordinal) => "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c",
            "selector" => "one",
            "uid" => "1",
            _ => "any",
        });
    }

    // What the other tenant has, as the platform sees it.
    private async Task<string> ViewAsync()
    {
        var view = new StringBuilder();
        foreach (var path in new[]
        {
            "/tenants/iso-other", "/tenants/iso-other/oidc", "/tenants/iso-other/suppressions", "/domains/iso-other.test", "/domains/iso-other.test/dkim", "/addresses/bob@iso-other.test",
            "/addresses/bob@iso-other.test/app-passwords", "/addresses/bob@iso-other.test/totp", "/addresses/list@iso-other.test", "/addresses/list@iso-other.test/members",
            "/accounts?domain=iso-other.test", "/tokens?tenant=iso-other", $"/spool/{other.Message}", "/tenants/iso-other/audit", "/jobs?tenant=iso-other",
        })
        {
            view.AppendLine(await AskAsync("GET", path));
        }

        return view.ToString();
    }

    private async Task MakeTenantAsync(string id)
    {
        await AskAsync("POST", "/tenants", $$"""{"id":"{{id}}"}""");
        await AskAsync("POST", $"/tenants/{id}/domains", $$"""{"domain":"{{id}}.test"}""");
        await AskAsync("PUT", $"/addresses/bob@{id}.test", """{"password":"a long secret"}""");
    }

    private async Task<(string Id, string Secret)> MakeTokenAsync(string role, string whose)
    {
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"{{role}}","name":"of isolation",{{whose}}}""");
        return (made.GetProperty("token").GetProperty("id").GetString()!, made.GetProperty("secret").GetString()!);
    }

    private async Task<string> AskAsync(string method, string path, string? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(new(method), "/admin/v1" + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? WebServer.Token);
        using var answer = await server.Admin.SendAsync(request);
        return $"{(int)answer.StatusCode} {TraceId().Replace(await answer.Content.ReadAsStringAsync(), "")}";
    }

    private static SpoolEntry EntryOf(DeliveryId id)
    {
        Assert.True(EmailAddress.TryParse($"x@{Far}", out var remote));
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = DateTimeOffset.UtcNow.AddHours(1),
            Message = new() { Id = id, Tenant = new("iso-other"), Body = new($"iso-other/body/{id}", 1), Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] }, Trace = "" },
        };
    }

    [GeneratedRegex("\\{(\\w+)(?::\\w+)?\\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(",\"traceId\":\"[^\"]*\"")]
    private static partial Regex TraceId();

    /// <param name="Message">A delivery id that waits in the spool.</param>
    /// <param name="Token">An API token's id.</param>
    /// <param name="Job">The id of an import that waits for its input.</param>
    private sealed record Things(string Tenant, string Message, string Token, string Job)
    {
        /// <summary>As long as those that there are.</summary>
        public static readonly Things Never = new("iso-never", DeliveryId.New(DateTimeOffset.UtcNow).ToString(), new string('0', 32), new string('1', 32));

        public string Domain => $"{Tenant}.test";

        public string Forget(string answer) => answer.Replace(Tenant, "TENANT", StringComparison.Ordinal).Replace(Message, "MESSAGE", StringComparison.Ordinal).Replace(Token, "TOKEN", StringComparison.Ordinal).Replace(Job, "JOB", StringComparison.Ordinal);
    }
}
