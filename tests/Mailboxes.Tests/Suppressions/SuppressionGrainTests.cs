using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Suppressions;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Tests.Suppressions;

/// <summary>A tenant's suppression list in a silo: what is listed, for how long, and that no part is found that the index does not know.</summary>
public sealed class SuppressionGrainTests
{
    private const string Tenant = "demo";

    private readonly FakeTimeProvider time = new(new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task What_is_listed_is_found_until_it_runs_out_or_is_removed()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await PartOf(silo, "gone@far.test").AddAsync(Refused("gone@far.test"));
        await PartOf(silo, "stop@far.test").AddAsync(Stopped("stop@far.test"));
        await silo.ForgetAsync();

        Assert.Equal([Refused("gone@far.test")], await PartOf(silo, "gone@far.test").FindAsync(["gone@far.test", "other@far.test"]));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await PartOf(silo, "gone@far.test").FindAsync(["gone@far.test"]));
        Assert.Empty(await PartOf(silo, "gone@far.test").GetPageAsync("", "", 10));
        Assert.False(await PartOf(silo, "gone@far.test").RemoveAsync("gone@far.test"));

        Assert.Single(await PartOf(silo, "stop@far.test").FindAsync(["stop@far.test"]));
        Assert.True(await PartOf(silo, "stop@far.test").RemoveAsync("stop@far.test"));
        await silo.ForgetAsync();
        Assert.Empty(await PartOf(silo, "stop@far.test").FindAsync(["stop@far.test"]));
    }

    [Fact]
    public async Task The_first_refusal_stands_and_an_administrators_word_above_it()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var part = PartOf(silo, "gone@far.test");
        await part.AddAsync(Refused("gone@far.test"));
        await part.AddAsync(Refused("gone@far.test") with { Reason = "550 5.1.1 once more" });
        Assert.Equal([Refused("gone@far.test")], await part.FindAsync(["gone@far.test"]));

        await part.AddAsync(Stopped("gone@far.test"));
        await part.AddAsync(Refused("gone@far.test"));
        Assert.Equal([Stopped("gone@far.test")], await part.FindAsync(["gone@far.test"]));
    }

    [Fact]
    public async Task One_that_has_run_out_is_listed_anew_by_the_next_refusal()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var part = PartOf(silo, "gone@far.test");
        await part.AddAsync(Refused("gone@far.test"));
        time.Advance(TimeSpan.FromHours(1));
        await part.AddAsync(Refused("gone@far.test"));

        Assert.Equal(time.GetUtcNow(), Assert.Single(await part.FindAsync(["gone@far.test"])).At);
    }

    [Fact]
    public async Task The_index_knows_each_part_that_holds_something_and_no_other()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        Assert.Equal(0ul, await silo.Grains.GetGrain<ISuppressionIndexGrain>(Tenant).GetUsedAsync());
        string[] keys = ["gone@far.test", "lost@far.test", "away@far.test"];
        foreach (var key in keys)
        {
            await PartOf(silo, key).AddAsync(Refused(key));
        }

        await silo.ForgetAsync();
        Assert.Equal(keys.Aggregate(0ul, (used, key) => used | 1ul << SuppressionList.BucketOf(key)), await silo.Grains.GetGrain<ISuppressionIndexGrain>(Tenant).GetUsedAsync());
        Assert.Equal(0ul, await silo.Grains.GetGrain<ISuppressionIndexGrain>("other").GetUsedAsync());
    }

    [Fact]
    public async Task Pages_are_in_order_and_begin_where_the_prefix_does()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var part = silo.Grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new(Tenant), 0));
        foreach (var key in new[] { "bo@far.test", "bob@far.test", "ann@far.test", "bobby@far.test", "carl@far.test" })
        {
            await part.AddAsync(Refused(key));
        }

        Assert.Equal(["ann@far.test", "bo@far.test"], await part.GetPageAsync("", "", 2));
        Assert.Equal(["bob@far.test", "bobby@far.test", "carl@far.test"], await part.GetPageAsync("", "bo@far.test", 10));
        Assert.Equal(["bob@far.test", "bobby@far.test"], await part.GetPageAsync("bob", "", 10));
        Assert.Equal(["bobby@far.test"], await part.GetPageAsync("bob", "bob@far.test", 10));
        Assert.Equal(["bobby@far.test"], await part.GetPageAsync("bobby@far.test", "", 10));
        Assert.Empty(await part.GetPageAsync("bob", "bobby@far.test", 10));
        Assert.Empty(await part.GetPageAsync("d", "", 10));
    }

    [Fact]
    public async Task What_has_run_out_is_gone_from_storage_with_the_next_seal()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var part = silo.Grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new(Tenant), 0));
        await Task.WhenAll(Enumerable.Range(0, 600).Select(i => part.AddAsync(Refused($"early{i}@far.test"))));
        time.Advance(TimeSpan.FromHours(1));
        await Task.WhenAll(Enumerable.Range(0, 600).Select(i => part.AddAsync(Refused($"late{i}@far.test"))));
        await part.AddAsync(Refused("last@far.test"));
        await silo.ForgetAsync();

        Assert.Equal(601, (await part.GetPageAsync("", "", 2_000)).Count);
        var head = await silo.Services.GetRequiredService<IJournal>().OpenAsync($"suppressions/{Tenant}/0", CancellationToken.None);
        var state = silo.Services.GetRequiredService<Serializer>().Decode<SuppressionState>(
            await silo.Services.GetRequiredService<IMessageBlobs>().ReadAsync(head.Manifest!, 0, int.MaxValue, CancellationToken.None));
        Assert.DoesNotContain(state.Listed, listed => listed.Address.StartsWith("early", StringComparison.Ordinal));
        Assert.NotEmpty(state.Listed);
    }

    [Theory]
    [InlineData("550 5.1.1 no such user", false, "this address refused mail on 2026-11-27 (550 5.1.1 no such user); an administrator can take it off the suppression list")]
    [InlineData("550 5.1.1 没有\u001b", false, "this address refused mail on 2026-11-27 (550 5.1.1 ???); an administrator can take it off the suppression list")]
    [InlineData("", true, "an administrator stopped mail to this address on 2026-11-27")]
    [InlineData("she asked for it", true, "an administrator stopped mail to this address on 2026-11-27: she asked for it")]
    public void Senders_are_told_in_one_line_of_ascii(string reason, bool byAdministrator, string explanation) =>
        Assert.Equal(explanation, (Refused("gone@far.test") with { Reason = reason, ByAdministrator = byAdministrator }).Explanation);

    [Fact]
    public void A_reply_with_the_longest_reason_is_a_line_of_smtp() => Assert.InRange((Refused("gone@far.test") with { Reason = new('x', 1000) }).Explanation.Length, 300, 512 - "550 5.1.1 \r\n".Length);

    private static ISuppressionGrain PartOf(TestSilo silo, string key) => silo.Grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new(Tenant), SuppressionList.BucketOf(key)));

    private Suppression Refused(string key) => new()
    {
        Address = key,
        At = time.GetUtcNow(),
        Reason = "550 5.1.1 no such user",
        Host = "mx.far.test",
        Until = time.GetUtcNow() + TimeSpan.FromHours(1),
    };

    private Suppression Stopped(string key) => new() { Address = key, At = time.GetUtcNow(), Reason = "she asked for it", ByAdministrator = true };
}
