using System.Net;
using System.Text;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>Mail that goes into a mailbox and comes out of it by the admin API.</summary>
[Collection(nameof(WebServer))]
public sealed class MailboxTests(WebServer server)
{
    private const string Text = "Subject: one\r\n\r\nbare\nand \0 and the end";

    [Fact]
    public async Task A_message_comes_out_as_it_went_in()
    {
        var mailbox = await MailboxAsync("out");
        var import = await BeginAsync(mailbox);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"{mailbox}/folders?folder={Uri.EscapeDataString("工作/日本")}&subscribed=true")).Status);
        var (status, filed) = await PutAsync($"{mailbox}/imports/{import}/k?folder={Uri.EscapeDataString("工作/日本")}&date=2001-02-03T04:05:06Z&flags=seen,flagged&keywords=$Forwarded,Work", Text);
        Assert.Equal((HttpStatusCode.OK, "filed"), (status, filed.GetProperty("result").GetString()));

        var folders = (await server.SendAsync(HttpMethod.Get, $"{mailbox}/folders")).Body.GetProperty("folders").EnumerateArray().ToList();
        var folder = Assert.Single(folders, f => f.GetProperty("name").GetString() == "工作/日本");
        Assert.Equal((true, true, 1), (folder.GetProperty("subscribed").GetBoolean(), folder.GetProperty("exists").GetBoolean(), folder.GetProperty("messages").GetInt32()));

        var query = $"folder={Uri.EscapeDataString("工作/日本")}&uidValidity={folder.GetProperty("uidValidity")}";
        var message = Assert.Single((await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages?{query}")).Body.GetProperty("messages").EnumerateArray());
        Assert.Equal(["seen", "flagged"], message.GetProperty("flags").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal(["$Forwarded", "Work"], message.GetProperty("keywords").EnumerateArray().Select(f => f.GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero), message.GetProperty("internalDate").GetDateTimeOffset());
        Assert.Equal(Text, await server.Admin.GetStringAsync($"{mailbox}/messages/{message.GetProperty("uid")}?{query}"));
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages?folder={Uri.EscapeDataString("工作/日本")}&uidValidity=1")).Status);
        Assert.Empty((await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages?{query}&after={message.GetProperty("uid")}")).Body.GetProperty("messages").EnumerateArray());
    }

    [Fact]
    public async Task A_message_that_is_sent_again_is_filed_once()
    {
        var mailbox = await MailboxAsync("once");
        var import = await BeginAsync(mailbox);
        var puts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PutAsync($"{mailbox}/imports/{import}/same", Text)));
        Assert.All(puts, put => Assert.Equal(1u, put.Body.GetProperty("uid").GetUInt32()));
        Assert.Equal(2u, (await PutAsync($"{mailbox}/imports/{import}/other", Text)).Body.GetProperty("uid").GetUInt32());
        Assert.Equal(2, (await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages?folder=INBOX")).Body.GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task An_import_of_yesterday_files_nothing()
    {
        var mailbox = await MailboxAsync("late");
        var old = MailCloud.Messages.DeliveryId.New(DateTimeOffset.UtcNow.AddDays(-1));
        Assert.Equal(HttpStatusCode.Gone, (await PutAsync($"{mailbox}/imports/{old}/k", Text)).Status);
        Assert.Empty((await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages?folder=INBOX")).Body.GetProperty("messages").EnumerateArray());
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_words()
    {
        var mailbox = await MailboxAsync("refused");
        var import = await BeginAsync(mailbox);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/mailboxes/nobody@example.test/folders")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PutAsync($"{mailbox}/imports/{import}/k?folder=None", Text)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync($"{mailbox}/imports/{import}/k?flags=recent", Text)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync($"{mailbox}/imports/{import}/k?keywords=a%20b", Text)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync($"{mailbox}/imports/{import}/k", "")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync($"{mailbox}/imports/none/k", Text)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Put, $"{mailbox}/folders?folder=a//b")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Put, $"{mailbox}/folders?folder=a&specialUse=%5CAll")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, $"{mailbox}/messages/9?folder=INBOX")).Status);
    }

    private async Task<string> MailboxAsync(string local)
    {
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/mailbox-{local}@example.test", """{"kind":"account"}""");
        return $"/admin/v1/mailboxes/mailbox-{local}@example.test";
    }

    private async Task<string> BeginAsync(string mailbox) => (await server.SendAsync(HttpMethod.Post, $"{mailbox}/imports")).Body.GetProperty("id").GetString()!;

    private async Task<(HttpStatusCode Status, JsonElement Body)> PutAsync(string path, string message)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(message));
        using var response = await server.Admin.PutAsync(path, content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
