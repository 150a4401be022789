using System.Net;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Push;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Server-sent events (RFC 8620 §7.3): what is told, to whom and until when.</summary>
[Collection(nameof(WebServer))]
public sealed class EventSourceTests(WebServer server)
{
    private const string All = "types=*&closeafter=no&ping=0";

    [Fact]
    public async Task A_change_is_told_with_the_state_that_the_mailbox_has()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-one");
        await using var stream = await EventStream.OpenAsync(server, account.Password, All);
        Assert.Equal(("text/event-stream", true, "no"), (
            stream.Response.Content.Headers.ContentType!.MediaType, stream.Response.Headers.CacheControl!.NoStore, stream.Response.Headers.GetValues("X-Accel-Buffering").Single()));
        Assert.Equal(await account.StateAsync(), stream.State);

        var filed = await account.FileAsync();
        Assert.Equal(("Email EmailDelivery Mailbox Thread", filed), await stream.NextStateAsync(account.Client.Account));
        var made = await account.MakeFolderAsync("one");
        Assert.Equal(("Email Mailbox Thread", made), await stream.NextStateAsync(account.Client.Account));
    }

    [Fact]
    public async Task Every_connection_of_an_account_is_told_and_nobody_else()
    {
        var (one, other) = (await WatchedAccount.MakeAsync(server, "events-two"), await WatchedAccount.MakeAsync(server, "events-three"));
        await using var first = await EventStream.OpenAsync(server, one.Password, All);
        await using var second = await EventStream.OpenAsync(server, one.Password, All);
        await using var elsewhere = await EventStream.OpenAsync(server, other.Password, All);
        var state = await one.FileAsync();
        Assert.Equal(state, (await first.NextStateAsync(one.Client.Account)).State);
        Assert.Equal(state, (await second.NextStateAsync(one.Client.Account)).State);

        // The first that it hears of is its own.
        var own = await other.FileAsync();
        Assert.Equal(own, (await elsewhere.NextStateAsync(other.Client.Account)).State);
    }

    [Fact]
    public async Task Only_types_that_were_asked_for_are_told()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-four");
        await using var stream = await EventStream.OpenAsync(server, account.Password, "types=EmailDelivery,ContactCard&closeafter=no&ping=0");
        await account.MakeFolderAsync("one");
        var filed = await account.FileAsync();
        Assert.Equal(("EmailDelivery", filed), await stream.NextStateAsync(account.Client.Account));
    }

    [Fact]
    public async Task It_ends_after_a_state_when_that_was_asked_for()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-five");
        await using var stream = await EventStream.OpenAsync(server, account.Password, "types=*&closeafter=state&ping=300");
        await account.FileAsync();
        Assert.NotNull(await stream.NextAsync());
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task Who_comes_again_is_told_what_was_missed()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-six");
        string known;
        await using (var stream = await EventStream.OpenAsync(server, account.Password, All))
        {
            known = stream.LastId;
        }

        var made = await account.MakeFolderAsync("one");
        await using (var stream = await EventStream.OpenAsync(server, account.Password, All, known))
        {
            Assert.Equal(("Email Mailbox Thread", made), await stream.NextStateAsync(account.Client.Account));
        }

        var filed = await account.FileAsync();
        await using (var stream = await EventStream.OpenAsync(server, account.Password, All, known))
        {
            Assert.Equal(("Email EmailDelivery Mailbox Thread", filed), await stream.NextStateAsync(account.Client.Account));
            known = stream.LastId;
        }

        // Of another server, or of an older build, which knew the mailbox alone.
        foreach (var unknown in (string[])["of another server", filed])
        {
            await using var stream = await EventStream.OpenAsync(server, account.Password, All, unknown);
            Assert.Equal(("Email EmailDelivery EmailSubmission Identity Mailbox Quota Thread VacationResponse", filed), await stream.NextStateAsync(account.Client.Account));
        }

        // Who knows all is told what comes next.
        await using (var stream = await EventStream.OpenAsync(server, account.Password, All, known))
        {
            var next = await account.FileAsync();
            Assert.Equal(("Email EmailDelivery Mailbox Thread", next), await stream.NextStateAsync(account.Client.Account));
        }
    }

    [Fact]
    public async Task What_stands_beside_the_mailbox_is_told_of_with_the_states_that_it_has()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-beside");
        var (client, name) = (account.Client, account.Client.Account);
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"quotaBytes":1000000}""");
        await using var stream = await EventStream.OpenAsync(server, account.Password, All);
        var known = stream.LastId;
        await client.CallAsync("VacationResponse/set", new() { ["update"] = new JsonObject { ["singleton"] = new JsonObject { ["subject"] = "away" } } });
        await IsToldAsync("VacationResponse");
        await client.CallAsync("Identity/set", new() { ["update"] = new JsonObject { ["i00000000000000000000000000000000"] = new JsonObject { ["name"] = "Alice" } } });
        await IsToldAsync("Identity");

        var submission = new MailSubmission
        {
            Id = Guid.NewGuid(),
            Identity = SendingIdentity.Own,
            Email = Guid.NewGuid(),
            Thread = 1,
            From = new(client.Address, null),
            To = [new("bob@example.test", null)],
            SendAt = DateTimeOffset.UtcNow,
            Undo = UndoStatus.Final,
            Messages = [new() { Delivery = DeliveryId.New(DateTimeOffset.UtcNow), Tenant = account.Id.Tenant, Recipients = [] }],
        };
        var submissions = server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISubmissionsGrain>(account.Id.Value);
        await submissions.BeginAsync(submission, null);
        await submissions.FinishAsync(submission.Id);
        await IsToldAsync("EmailSubmission");

        // Mail has changed the quota, too.
        var state = await account.FileAsync();
        var changed = await stream.NextChangeAsync(name);
        Assert.Equal(["Email", "EmailDelivery", "Mailbox", "Quota", "Thread"], changed.Select(type => type.Key));
        Assert.Equal((state, await StateOfAsync("Quota")), ((string)changed["Email"]!, (string)changed["Quota"]!));

        // And who was away is told all of it.
        await using var again = await EventStream.OpenAsync(server, account.Password, All, known);
        Assert.Equal(("Email EmailDelivery EmailSubmission Identity Mailbox Quota Thread VacationResponse", state), await again.NextStateAsync(name));

        async Task IsToldAsync(string type)
        {
            // The first change of what one was sent or sends as begins the states of both.
            var told = await stream.NextChangeAsync(name);
            Assert.Equal(await StateOfAsync(type), (string)told[type]!);
            Assert.DoesNotContain("Email", told.Select(other => other.Key));
        }

        async Task<string> StateOfAsync(string type) => (string)(await client.CallAsync($"{type}/get", new() { ["ids"] = new JsonArray() }))["state"]!;
    }

    [Fact]
    public async Task What_does_not_answer_beside_the_mailbox_holds_up_no_news_of_mail()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-partly");
        using var fault = server.Failing.Fail<ISubmissionsGrain>(account.Id.Value, nameof(ISubmissionsGrain.GetStatesAsync));
        await using var stream = await EventStream.OpenAsync(server, account.Password, All);
        await fault.FailedAsync();
        var filed = await account.FileAsync();
        Assert.Equal(("Email EmailDelivery Mailbox Thread", filed), await stream.NextStateAsync(account.Client.Account));

        // It is asked again, and told of when it answers.
        fault.Dispose();
        Assert.Equal(("EmailSubmission Identity VacationResponse", filed), await stream.NextStateAsync(account.Client.Account));
    }

    [Fact]
    public async Task Of_a_burst_the_last_state_is_told_and_few_before()
    {
        const int Changes = 60;
        var account = await WatchedAccount.MakeAsync(server, "events-seven");
        await using var stream = await EventStream.OpenAsync(server, account.Password, All);
        var before = long.Parse(stream.State);
        await Task.WhenAll(Enumerable.Range(0, Changes).Select(i => account.MakeFolderAsync($"f{i}")));
        var last = long.Parse(await account.StateAsync());
        var told = new List<long> { before };
        while (told[^1] < last)
        {
            told.Add(long.Parse((await stream.NextStateAsync(account.Client.Account)).State));
            Assert.True(told[^1] > told[^2], string.Join(' ', told));
        }

        Assert.InRange(told.Count - 1, 1, Changes / 2);
    }

    [Fact]
    public async Task Silence_is_broken_as_often_as_was_asked_for()
    {
        var account = await WatchedAccount.MakeAsync(server, "events-eight");
        await using var stream = await EventStream.OpenAsync(server, account.Password, "types=*&closeafter=no&ping=1");
        var id = stream.LastId;
        var (name, data) = Assert.NotNull(await stream.NextAsync());
        Assert.Equal(("ping", 5, id), (name, (int)data["interval"]!, stream.LastId));
    }

    [Theory]
    [InlineData("types=*&closeafter=no&ping=0", null)]
    [InlineData("types=*&closeafter=no&ping=1", 5)]
    [InlineData("types=*&closeafter=state&ping=60", 60)]
    [InlineData("types=Email&closeafter=state&ping=3600", 300)]
    public void Pings_are_within_bounds(string query, int? seconds)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new($"?{query}");
        Assert.True(EventSource.Request.TryRead(http.Request, out var request));
        Assert.Equal(seconds, (int?)request.Ping?.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("types=&closeafter=no&ping=0")]
    [InlineData("types=*&closeafter=yes&ping=0")]
    [InlineData("types=*&ping=0")]
    [InlineData("types=*&closeafter=no")]
    [InlineData("types=*&closeafter=no&ping=-1")]
    [InlineData("types=*&closeafter=no&ping=often")]
    public async Task What_cannot_be_is_refused(string query)
    {
        var account = await WatchedAccount.MakeAsync(server, "events-nine");
        await using var stream = await EventStream.OpenAsync(server, account.Password, query);
        Assert.Equal(HttpStatusCode.BadRequest, stream.Response.StatusCode);
    }

    [Fact]
    public async Task Who_shows_nothing_is_told_nothing()
    {
        await using var stream = await EventStream.OpenAsync(server, null, All);
        Assert.Equal(HttpStatusCode.Unauthorized, stream.Response.StatusCode);
    }
}
