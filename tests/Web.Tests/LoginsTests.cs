using System.Net;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class LoginsTests(WebServer server)
{
    [Fact]
    public async Task They_are_listed_the_newest_first()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/log-one@example.test", "{}")).Status);
        var kind = new LoginKind(LoginProtocols.Smtp, "2001:db8::/64", "PLAIN", "phone", LoginResult.Ok);
        var at = new DateTimeOffset(2026, 2, 1, 12, 0, 0, TimeSpan.Zero);
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ILoginsGrain>("log-one@example.test")
            .AddAsync(Guid.NewGuid(), [new(kind, at, at.AddHours(1), 3), new(kind with { AppPassword = null, Result = LoginResult.Wrong }, at.AddHours(2), at.AddHours(2), 1)]);

        var (status, body) = await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/Log-One@example.test/logins");
        Assert.Equal(HttpStatusCode.OK, status);
        var rows = body.GetProperty("logins").EnumerateArray().Select(row => row.GetRawText()).ToList();
        Assert.Equal(
            [
                """{"firstAt":"2026-02-01T14:00:00+00:00","lastAt":"2026-02-01T14:00:00+00:00","count":1,"protocol":"smtp","network":"2001:db8::/64","means":"PLAIN","appPassword":null,"result":"wrong"}""",
                """{"firstAt":"2026-02-01T12:00:00+00:00","lastAt":"2026-02-01T13:00:00+00:00","count":3,"protocol":"smtp","network":"2001:db8::/64","means":"PLAIN","appPassword":"phone","result":"ok"}""",
            ],
            rows);
    }

    [Theory]
    [InlineData("nonsense", 400)]
    [InlineData("nobody@example.test", 404)]
    public async Task Only_accounts_have_them(string address, int status) =>
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/logins")).Status);
}
