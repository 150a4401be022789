using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>A list of people is an alias, up to a length.</summary>
[Collection(nameof(WebServer))]
public sealed class AliasTests(WebServer server)
{
    [Theory]
    [InlineData(500, HttpStatusCode.OK)]
    [InlineData(501, HttpStatusCode.BadRequest)]
    public async Task An_alias_has_so_many_targets(int count, HttpStatusCode expected)
    {
        var update = JsonSerializer.Serialize(new { kind = "alias", targets = Enumerable.Range(0, count).Select(i => $"member{i}@far.test") });
        var (status, answer) = await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/crowd{count}@example.test", update);
        Assert.Equal(expected, status);
        if (expected == HttpStatusCode.OK)
        {
            Assert.Equal(count, answer.GetProperty("targets").GetArrayLength());
        }
        else
        {
            Assert.Contains("1 to 500 targets", answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }
}
