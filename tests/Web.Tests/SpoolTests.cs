using System.Net;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class SpoolTests(WebServer server)
{
    [Fact]
    public async Task Waiting_mail_is_listed_shown_tried_again_and_cancelled()
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var later = DateTimeOffset.UtcNow.AddHours(1);
        await AddAsync(Entry(id, "ann@first.test", later), Entry(id, "ben@first.test", later), Entry(id, "cid@second.test", later));

        Assert.Equal(["ann@first.test", "ben@first.test", "cid@second.test"], await ListAsync(""));
        Assert.Equal(["ann@first.test", "ben@first.test"], await ListAsync("?destination=First.test"));
        Assert.Equal(3, (await ListAsync("?tenant=demo&kind=outbound")).Count);
        Assert.Empty(await ListAsync("?tenant=other"));
        Assert.Empty(await ListAsync("?kind=local"));
        Assert.Empty(await ListAsync($"?acceptedBefore={Uri.EscapeDataString(id.AcceptedAt.AddMinutes(-1).ToString("O"))}"));

        var (_, shown) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool/{id}");
        Assert.Equal(3, shown.GetProperty("entries").GetArrayLength());

        Assert.Equal(3, (await server.SendAsync(HttpMethod.Post, $"/admin/v1/spool/{id}/retry")).Body.GetProperty("recipients").GetInt32());
        var (_, due) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool/{id}");
        Assert.All(due.GetProperty("entries").EnumerateArray(), entry => Assert.True(entry.GetProperty("dueAt").GetDateTimeOffset() <= DateTimeOffset.UtcNow));

        Assert.Equal(3, (await server.SendAsync(HttpMethod.Post, $"/admin/v1/spool/{id}/cancel")).Body.GetProperty("recipients").GetInt32());
        Assert.Empty(await ListAsync(""));
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Post, $"/admin/v1/spool/{id}/cancel")).Status);

        var (_, log) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/audit?limit=200&since={Uri.EscapeDataString(id.AcceptedAt.ToString("O"))}");
        var written = log.GetProperty("records").EnumerateArray().Where(record => record.GetProperty("path").GetString()!.Contains($"{id}", StringComparison.Ordinal)).ToList();
        const string Message = """{"tenant":"demo","sender":"","recipients":["ann@first.test","ben@first.test","cid@second.test"]}""";
        Assert.Equal(("retry", Message), (written[0].GetProperty("path").GetString()!.Split('/')[^1], written[0].GetProperty("after").GetRawText()));
        Assert.Equal(("cancel", Message), (written[1].GetProperty("path").GetString()!.Split('/')[^1], written[1].GetProperty("before").GetRawText()));
    }

    [Fact]
    public async Task A_long_list_comes_in_pages()
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        await AddAsync([.. Enumerable.Range(0, 450).Select(i => Entry(id, $"u{i}@pages.test", DateTimeOffset.UtcNow.AddHours(1)))]);

        var seen = new List<string>();
        var pages = 0;
        for (string? after = ""; after is not null; pages++)
        {
            var (_, page) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool?destination=pages.test{(after.Length > 0 ? $"&after={Uri.EscapeDataString(after)}" : "")}");
            seen.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("destination").GetString()!));
            after = page.GetProperty("next").GetString();
        }

        Assert.Equal((450, 450, 3), (seen.Count, seen.Distinct().Count(), pages));
        await server.SendAsync(HttpMethod.Post, $"/admin/v1/spool/{id}/cancel");
    }

    private static SpoolEntry Entry(DeliveryId id, string address, DateTimeOffset due)
    {
        Assert.True(EmailAddress.TryParse(address, out var remote));
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = due,
            Message = new()
            {
                Id = id,
                Tenant = new("demo"),
                Body = new($"demo/body/{id}", 1),
                Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] },
                Trace = "",
            },
        };
    }

    private async Task AddAsync(params SpoolEntry[] entries)
    {
        foreach (var shard in entries.GroupBy(e => e.Recipient.Remote[0].AsciiDomain))
        {
            await Spool(shard.Key).AddAsync([.. shard]);
        }
    }

    private ISpoolGrain Spool(string domain) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of(domain));

    private async Task<IReadOnlyList<string>> ListAsync(string query)
    {
        var listed = new List<string>();
        for (string? after = "0:"; after is not null;)
        {
            var (_, page) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool{(query.Length > 0 ? query + "&" : "?")}after={Uri.EscapeDataString(after)}");
            listed.AddRange(page.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("destination").GetString()!));
            after = page.GetProperty("next").GetString();
        }

        return [.. listed.Order(StringComparer.Ordinal)];
    }
}
