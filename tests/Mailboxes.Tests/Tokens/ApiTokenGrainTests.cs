using MailCloud.MailboxContracts;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Tokens;

/// <summary>Tokens of the admin API in a silo: found until they are revoked, listed, and ended after they have expired.</summary>
public sealed class ApiTokenGrainTests
{
    private static readonly string tenantList = ApiTokenLists.KeyOf(new("demo"), null);

    // Not ahead of the machine's clock: Orleans would hold the silo for dead.
    private readonly FakeTimeProvider time = new(new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_token_is_found_until_it_is_revoked()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = silo.Grains.GetGrain<IApiTokenGrain>("a1");
        Assert.Null(await grain.FindAsync());
        await grain.CreateAsync(Token("a1"));
        await silo.ForgetAsync();
        Assert.Equal(("a1", AdminRole.HelpDesk), (await grain.FindAsync() is { } found) ? (found.Id, found.Role) : default);

        Assert.True(await grain.RevokeAsync());
        Assert.Null(await grain.FindAsync());
        Assert.False(await grain.RevokeAsync());
        await silo.ForgetAsync();
        Assert.Null(await grain.FindAsync());
    }

    [Fact]
    public async Task A_use_is_written_down_once_an_hour()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = silo.Grains.GetGrain<IApiTokenGrain>("a1");
        await grain.UseAsync();
        Assert.Null(await grain.FindAsync());

        await grain.CreateAsync(Token("a1"));
        var first = time.GetUtcNow();
        await grain.UseAsync();
        time.Advance(TimeSpan.FromMinutes(59));
        await grain.UseAsync();
        Assert.Equal(first, (await grain.FindAsync())!.LastUsedAt);
        time.Advance(TimeSpan.FromMinutes(1));
        await grain.UseAsync();
        await silo.ForgetAsync();
        Assert.Equal(time.GetUtcNow(), (await grain.FindAsync())!.LastUsedAt);
    }

    [Fact]
    public async Task The_list_comes_in_pages()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var list = silo.Grains.GetGrain<IApiTokenListGrain>(tenantList);
        foreach (var id in new[] { "c", "a", "b", "d" })
        {
            Assert.True(await list.AddAsync(id, time.GetUtcNow().AddDays(1)));
        }

        await list.RemoveAsync("b");
        await silo.ForgetAsync();
        Assert.Equal(["a", "c"], await list.GetPageAsync("", 2));
        Assert.Equal(["d"], await list.GetPageAsync("c", 2));
    }

    [Fact]
    public async Task What_has_expired_makes_room_and_is_gone()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var key = ApiTokenLists.KeyOf(new("demo"), "a@example.test");
        var list = silo.Grains.GetGrain<IApiTokenListGrain>(key);
        await silo.Grains.GetGrain<IApiTokenGrain>("00").CreateAsync(Token("00"));
        for (var i = 0; i < ApiTokenLists.MostOf(key); i++)
        {
            Assert.True(await list.AddAsync($"{i:00}", time.GetUtcNow().AddDays(1 + i)));
        }

        Assert.False(await list.AddAsync("more", time.GetUtcNow().AddDays(1)));
        time.Advance(TimeSpan.FromDays(2));
        Assert.True(await list.AddAsync("more", time.GetUtcNow().AddDays(1)));
        Assert.Equal("02", (await list.GetPageAsync("", 1))[0]);
        Assert.Null(await silo.Grains.GetGrain<IApiTokenGrain>("00").FindAsync());
    }

    private ApiToken Token(string id) => new()
    {
        Id = id,
        Name = "desk",
        Role = AdminRole.HelpDesk,
        Tenant = new("demo"),
        Hash = [1, 2, 3],
        CreatedAt = time.GetUtcNow(),
        CreatedBy = "root",
        ExpiresAt = time.GetUtcNow().AddDays(1),
    };
}
