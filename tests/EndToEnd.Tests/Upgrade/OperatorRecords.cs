using System.Net.Http.Json;

namespace MailCloud.EndToEnd.Tests.Upgrade;

/// <summary>Something of each kind that operators make by the admin API, and how it is shown again: what the load of mail does not store.</summary>
internal sealed class OperatorRecords(LocalCluster cluster)
{
    /// <summary>Makes a tenant of that name, which has something of everything.</summary>
    public async Task MakeAsync(string name)
    {
        await DoAsync(HttpMethod.Post, "tenants", new { id = name, accounts = 100, storageBytes = 10_000_000_000, passwordLength = 10 });
        await DoAsync(HttpMethod.Post, $"tenants/{name}/domains", new { domain = $"{name}.test" });
        await DoAsync(HttpMethod.Post, $"tenants/{name}/domains", new { domain = $"{name}-too.test" });
        await Accounts.ImportAsync(cluster, [($"ann@{name}.test", "crash-password"), ($"leaver@{name}.test", "crash-password")]);
        await DoAsync(HttpMethod.Put, $"addresses/sales@{name}.test", new { kind = "alias", targets = new[] { $"ann@{name}.test", "sales@far.test" } });
        await DoAsync(HttpMethod.Put, $"addresses/all@{name}.test", new { kind = "group", posting = "members" });
        await DoAsync(HttpMethod.Post, $"addresses/all@{name}.test/members", new { members = new[] { $"ann@{name}.test", "somebody@far.test" } });
        await DoAsync(HttpMethod.Put, $"domains/{name}-too.test", new { catchAll = $"ann@{name}.test" });
        await DoAsync(HttpMethod.Post, $"domains/{name}.test/dkim", new { algorithm = "ed25519", selector = "one" });
        await DoAsync(HttpMethod.Post, $"addresses/ann@{name}.test/app-passwords", new { name = "phone", scopes = new[] { "imap" } });
        await DoAsync(HttpMethod.Post, $"addresses/ann@{name}.test/totp");
        await DoAsync(HttpMethod.Put, $"tenants/{name}/oidc", new { issuer = "https://login.example", audiences = new[] { "mail" } });
        await DoAsync(HttpMethod.Put, $"tenants/{name}/suppressions/nobody@far.test", new { reason = "asked" });
        await DoAsync(HttpMethod.Post, "tokens", new { role = "tenant", tenant = name, name = "desk" });
        await DoAsync(HttpMethod.Post, "jobs", new { kind = "import-accounts", tenant = name });
        await DoAsync(HttpMethod.Put, $"mailboxes/ann@{name}.test/folders?folder=Kept&subscribed=true");
        await DoAsync(HttpMethod.Delete, $"addresses/leaver@{name}.test");
    }

    /// <summary>What one build shows of all that: documents, by where they stand. Of the audit log the beginning: who looks into a mailbox is written down there.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(string name)
    {
        var shown = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in new[]
        {
            $"tenants/{name}", $"tenants/{name}/domains", $"tenants/{name}/oidc", $"tenants/{name}/suppressions", $"tenants/{name}/audit?limit=10", $"domains/{name}-too.test", $"domains/{name}.test/dkim",
            $"accounts?domain={name}.test", $"addresses/sales@{name}.test", $"addresses/all@{name}.test", $"addresses/all@{name}.test/members", $"addresses/ann@{name}.test",
            $"addresses/ann@{name}.test/app-passwords", $"addresses/ann@{name}.test/totp", $"tokens?tenant={name}", $"jobs?tenant={name}", $"mailboxes/ann@{name}.test/folders",
        })
        {
            shown[path] = await DoAsync(HttpMethod.Get, path);
        }

        return shown;
    }

    private async Task<string> DoAsync(HttpMethod method, string path, object? body = null)
    {
        using var admin = cluster.Admin();
        using var request = new HttpRequestMessage(method, new Uri($"/admin/v1/{path}", UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await admin.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text;
    }
}
