using System.Net;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

/// <summary>Many lines at a time come to what they would one after the other.</summary>
[Collection(nameof(WebServer))]
public sealed class ImportTests(WebServer server)
{
    private const string Scram = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public async Task Answers_come_in_the_order_of_the_lines_and_lines_of_one_address_are_done_in_theirs()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"order.test"}""");
        var csv = string.Join('\n', Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? $"same@order.test,words-of-{i}" : $"user{i}@order.test,{Scram}"));
        var lines = await server.PostLinesAsync("/admin/v1/accounts/import?firstLine=1001", csv);
        Assert.Equal(Enumerable.Range(1001, 300), lines.Select(l => l.GetProperty("line").GetInt32()));
        Assert.Equal(["created", .. Enumerable.Repeat("updated", 99)], lines.Where((_, i) => i % 3 == 0).Select(l => l.GetProperty("result").GetString()));
        Assert.All(lines.Where((_, i) => i % 3 != 0), line => Assert.Equal("created", line.GetProperty("result").GetString()));
        var record = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>("same@order.test").GetAsync();
        Assert.True(Verifiers.Verify("words-of-297", record!.Verifier!));
    }

    [Fact]
    public async Task A_limit_holds_exactly_however_many_lines_are_done_at_a_time()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"exact"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/exact/domains", """{"domain":"exact.test"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/exact", """{"limits":{"accounts":50}}""");
        var csv = string.Join('\n', Enumerable.Range(0, 80).Select(i => $"user{i}@exact.test,{Scram}"));
        var lines = await server.PostLinesAsync("/admin/v1/accounts/import", csv);
        Assert.Equal((50, 30), (lines.Count(l => l.TryGetProperty("result", out _)), lines.Count(l => l.TryGetProperty("error", out _))));
        var again = await server.PostLinesAsync("/admin/v1/accounts/import", csv);
        Assert.Equal(50, again.Count(l => l.TryGetProperty("result", out var result) && result.GetString() == "unchanged"));
        var (_, tenant) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/exact");
        Assert.Equal(50, tenant.GetProperty("usage").GetProperty("accounts").GetInt32());
    }

    [Fact]
    public async Task A_whole_request_is_taken_before_its_first_answer_is_read()
    {
        // HttpClient reads nothing before it has sent all; 4 MB of lines are more than the buffers of a connection hold beside answers of 300 kB.
        var address = $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat(new string('b', 60), 4))}";
        var csv = string.Join('\n', Enumerable.Range(0, 1000).Select(_ => $"{address},{new string('x', 3700)}"));
        var lines = await server.PostLinesAsync("/admin/v1/accounts/import", csv);
        Assert.Equal(1000, lines.Count(l => l.TryGetProperty("error", out _)));
    }

    [Fact]
    public async Task A_first_line_that_is_no_number_is_refused() =>
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, "/admin/v1/accounts/import?firstLine=one")).Status);
}
