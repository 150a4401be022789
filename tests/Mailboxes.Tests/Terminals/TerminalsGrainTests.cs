using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Terminals;

/// <summary>RFC 821 §3.4: who is at a terminal, as far as edges say so.</summary>
public sealed class TerminalsGrainTests
{
    private static readonly AccountId Alice = new("demo/alice");
    private static readonly AccountId Bob = new("demo/bob");
    private static readonly AccountId Carol = new("demo/carol");

    [Fact]
    public async Task Every_edge_is_asked_once()
    {
        await using var silo = await TestSilo.StartAsync();
        var terminals = silo.Grains.GetGrain<ITerminalsGrain>(0);
        Assert.Empty(await terminals.FindLiveAsync([Alice]));
        Assert.False(await terminals.ShowAsync(Alice, "nobody hears"));

        var first = new Edge(Alice, Bob);
        var second = new Edge(Bob);
        var reference = await AttachAsync(silo, first);
        await AttachAsync(silo, second);
        await terminals.AttachAsync(reference);

        Assert.Equal([Alice, Bob], (await terminals.FindLiveAsync([Alice, Bob, Carol])).OrderBy(a => a.Value));
        Assert.True(await terminals.ShowAsync(Alice, "to one"));
        Assert.False(await terminals.ShowAsync(Carol, "to none"));
        Assert.Equal(["to one", "to none"], first.Given);
        Assert.Equal(["to one", "to none"], second.Given);

        await terminals.DetachAsync(reference);
        Assert.Equal([Bob], await terminals.FindLiveAsync([Alice, Bob]));
    }

    [Fact]
    public async Task An_edge_that_fails_is_not_asked_again_until_it_renews()
    {
        await using var silo = await TestSilo.StartAsync();
        var terminals = silo.Grains.GetGrain<ITerminalsGrain>(0);
        var edge = new Edge(Alice) { Fails = true };
        var reference = await AttachAsync(silo, edge);
        await AttachAsync(silo, new Edge(Bob));

        Assert.False(await terminals.ShowAsync(Carol, "to none, so that all edges are waited for"));
        Assert.True(await terminals.ShowAsync(Bob, "shown by the other"));
        edge.Fails = false;
        Assert.Empty(await terminals.FindLiveAsync([Alice]));
        await terminals.AttachAsync(reference);
        Assert.Equal([Alice], await terminals.FindLiveAsync([Alice]));
    }

    [Fact]
    public async Task An_edge_that_does_not_renew_is_forgotten()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var terminals = silo.Grains.GetGrain<ITerminalsGrain>(0);
        var reference = await AttachAsync(silo, new Edge(Alice));
        time.Advance(TimeSpan.FromSeconds(50));
        await terminals.AttachAsync(reference);
        time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal([Alice], await terminals.FindLiveAsync([Alice]));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await terminals.FindLiveAsync([Alice]));
    }

    private static async Task<ITerminalEdge> AttachAsync(TestSilo silo, Edge edge)
    {
        var reference = silo.Grains.CreateObjectReference<ITerminalEdge>(edge);
        await silo.Grains.GetGrain<ITerminalsGrain>(0).AttachAsync(reference);
        return reference;
    }

    private sealed class Edge(params AccountId[] live) : ITerminalEdge
    {
        public bool Fails { get; set; }

        public List<string> Given { get; } = [];

        public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts) =>
            Fails ? throw new InvalidOperationException("dies") : Task.FromResult<IReadOnlyList<AccountId>>(accounts.Intersect(live).ToArray());

        public Task<bool> ShowAsync(AccountId account, string text)
        {
            Given.Add(text);
            return Fails ? throw new InvalidOperationException("dies") : Task.FromResult(live.Contains(account));
        }
    }
}
