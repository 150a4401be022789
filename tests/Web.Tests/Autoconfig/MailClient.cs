using System.Net;

namespace MailCloud.Web.Tests.Autoconfig;

/// <summary>A mail program that has an address and no password yet.</summary>
internal static class MailClient
{
    public static HttpRequestMessage Get(string host, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        return request;
    }

    public static async Task<Answer> SendAsync(this WebServer server, HttpRequestMessage request)
    {
        using var response = await server.Http.SendAsync(request);
        var fields = response.Headers.Concat(response.Content.Headers).Where(field => field.Key != "Date").Select(field => $"{field.Key}: {string.Join(", ", field.Value)}").Order(StringComparer.Ordinal);
        return new(response.StatusCode, string.Join('\n', fields), await response.Content.ReadAsStringAsync());
    }

    public static Task<Answer> GetAsync(this WebServer server, string host, string path) => server.SendAsync(Get(host, path));

    /// <summary>Hosts domains for the tenant of the tests, or does nothing where it has them: one, and one that is another name of it.</summary>
    public static async Task HostAsync(this WebServer server)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"told.test"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"alias.told.test"}""");
        var (status, _) = await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/alias.told.test", """{"aliasOf":"told.test"}""");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    /// <param name="Fields">Of the header, in order and without Date.</param>
    internal sealed record Answer(HttpStatusCode Status, string Fields, string Body);
}
