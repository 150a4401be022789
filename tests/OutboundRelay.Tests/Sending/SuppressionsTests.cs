using System.Diagnostics.Metrics;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Sending;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.OutboundRelay.Tests.Routing;
using MailCloud.OutboundRelay.Tests.Smtp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Sending;

/// <summary>Which failures put an address on its sender's suppression list, and what becomes of mail to one that is there. The lists are real grains.</summary>
[Collection("routing")]
public sealed class SuppressionsTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly RoutingFixture fixture;
    private readonly Suppressions suppressions;

    // Of its own, as lists outlive a test.
    private readonly string tenant = $"t{Guid.NewGuid():N}";

    public SuppressionsTests(RoutingFixture fixture)
    {
        this.fixture = fixture;
        suppressions = On(fixture.Grains, TimeSpan.FromSeconds(30));
    }

    public void Dispose()
    {
        suppressions.Dispose();
        meters.Dispose();
    }

    [Theory]
    [InlineData("550 5.1.1 no such user", true)]
    [InlineData("550 5.1.2 no such domain", true)]
    [InlineData("553 5.1.3 what is that", true)]
    [InlineData("551 5.1.6 moved away", true)]
    [InlineData("556 5.1.10 no mail here", true)]
    [InlineData("550 5.2.1 mailbox disabled", true)]
    [InlineData("550 no such user", false)]
    [InlineData("550 5.1.0 address rejected", false)]
    [InlineData("550 5.1.7 your sender is odd", false)]
    [InlineData("550 5.1.8 your sender's domain is odd", false)]
    [InlineData("552 5.2.2 mailbox full", false)]
    [InlineData("552 5.2.3 too long", false)]
    [InlineData("550 5.4.1 not here", false)]
    [InlineData("554 5.6.0 content", false)]
    [InlineData("550 5.7.1 not from you", false)]
    [InlineData("450 4.1.1 later", false)]
    public async Task A_reply_to_rcpt_counts_when_it_says_that_the_address_is_not_there(string reply, bool counts) =>
        Assert.Equal(counts, IsHardBounce(await RefusedAsync(mail: "250 ok", rcpt: reply)));

    [Fact]
    public async Task The_same_words_at_another_time_or_of_a_smarthost_do_not_count()
    {
        Assert.False(IsHardBounce(await RefusedAsync(mail: "550 5.1.1 no such user", rcpt: "503 5.5.1 no")));
        Assert.False(IsHardBounce(await RefusedAsync(mail: "250 ok", rcpt: "250 ok", data: "550 5.1.1 no such user")));
        Assert.False(IsHardBounce(await RefusedAsync(mail: "250 ok", rcpt: "550 5.1.1 no such user", isSmarthost: true)));
    }

    [Fact]
    public void What_the_dns_says_of_a_domain_counts_when_there_is_no_such_or_it_takes_no_mail()
    {
        Assert.True(IsHardBounce(RouteOutcomes.NoSuchDomain("far.test")));
        Assert.True(IsHardBounce(RouteOutcomes.NullMx("far.test")));
        Assert.False(IsHardBounce(RouteOutcomes.NoAddress("far.test", "mx.far.test", "none")));
        Assert.False(IsHardBounce(RouteOutcomes.Loop("far.test")));
        Assert.False(IsHardBounce(RouteOutcomes.BadLiteral("[1]")));
    }

    [Fact]
    public async Task Mail_to_a_listed_address_fails_with_the_reply_that_listed_it()
    {
        await suppressions.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);
        var (here, there) = (Entry("GONE@far.test"), Entry("bob@far.test"));
        var (entry, outcome) = Assert.Single(await suppressions.FindAsync([here, there], CancellationToken.None));

        Assert.Same(here, entry);
        Assert.Equal(
            new RelayOutcome.Failed("5.1.1", "550 5.1.1 this address refused mail on 2026-11-27 (550 5.1.1 no such user); an administrator can take it off the suppression list"), outcome);
        var listed = Assert.Single(await ListedAsync("gone@far.test"));
        Assert.Equal(("mx.far.test", time.GetUtcNow(), time.GetUtcNow() + TimeSpan.FromDays(30)), (listed.Host, listed.At, listed.Until));
    }

    [Fact]
    public async Task A_failure_for_being_listed_does_not_list_again()
    {
        await suppressions.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);
        var (entry, outcome) = Assert.Single(await suppressions.FindAsync([Entry("gone@far.test")], CancellationToken.None));
        Assert.False(IsHardBounce(outcome));
        Assert.NotNull(entry);
    }

    [Fact]
    public async Task Lists_are_of_one_tenant()
    {
        await suppressions.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);
        Assert.Empty(await suppressions.FindAsync([Entry("gone@far.test", of: "other")], CancellationToken.None));
    }

    [Fact]
    public async Task A_report_without_sender_lists_nobody_and_neither_does_a_relay_that_is_told_so()
    {
        var report = Entry("gone@far.test", sender: false);
        await suppressions.AddAsync(report, Refusal("550 5.1.1 no such user"), CancellationToken.None);
        using var off = On(fixture.Grains, TimeSpan.FromSeconds(30), new() { SuppressFor = TimeSpan.Zero });
        await off.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);

        Assert.Empty(await ListedAsync("gone@far.test"));
    }

    [Fact]
    public async Task Each_listed_address_is_counted()
    {
        var counted = new List<(long Value, object? Tenant)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "mailcloud.relay.suppressed" && instrument.Meter.Scope == meters.GetRequiredService<IMeterFactory>())
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counted.Add((value, tags[0].Value)));
        listener.Start();
        using var own = On(fixture.Grains, TimeSpan.FromSeconds(30));
        await own.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);
        await own.AddAsync(Entry("kept@far.test"), Refusal("550 5.7.1 not from you"), CancellationToken.None);

        Assert.Equal([(1, tenant)], counted);
    }

    [Fact]
    public async Task A_list_that_does_not_answer_stops_no_mail()
    {
        var folder = Directory.CreateTempSubdirectory("mailcloud-away-").FullName;
        var silo = await RoutingFixture.StartSiloAsync(folder);
        var grains = silo.Services.GetRequiredService<IGrainFactory>();
        await silo.StopAsync();
        using var away = On(grains, TimeSpan.FromSeconds(0.2));

        Assert.Empty(await away.FindAsync([Entry("gone@far.test")], CancellationToken.None));
        await away.AddAsync(Entry("gone@far.test"), Refusal("550 5.1.1 no such user"), CancellationToken.None);
        silo.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static bool IsHardBounce(RelayOutcome outcome) => outcome is RelayOutcome.Failed failed && HardBounce.Is(failed);

    private static RelayOutcome.Failed Refusal(string reply) => new(reply.Split(' ')[1], reply, "mx.far.test", OfAddress: true);

    /// <summary>What a host said to one recipient, at one of three moments.</summary>
    private static async Task<RelayOutcome> RefusedAsync(string mail, string rcpt, string data = "354 go on", bool isSmarthost = false)
    {
        await using var mx = new FakeMx($"""
            S 220 mx
            C EHLO relay.example
            S 250 mx
            C MAIL FROM:<me@here.example>
            S {mail}
            {(mail[0] == '2' ? $"C RCPT TO:<a@mx.example>\nS {rcpt}" : "")}
            {(mail[0] == '2' && rcpt[0] == '2' ? $"C DATA\nS {data}" : "")}
            """.ReplaceLineEndings("\n").Replace("\n\n", "\n", StringComparison.Ordinal).TrimEnd('\n'));
        await using var session = await Relaying.SessionAsync(mx.As("mx.example") with { IsSmarthost = isSmarthost });
        return Assert.Single((await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example"), CancellationToken.None)).Outcomes);
    }

    private Suppressions On(IGrainFactory grains, TimeSpan patience, RelayOptions? options = null) => new(
        grains, new GrainCalls(patience, TimeProvider.System, CancellationToken.None), options ?? new(), new RelayTelemetry(meters.GetRequiredService<IMeterFactory>()), time, NullLogger<Suppressions>.Instance);

    private async Task<IReadOnlyList<Suppression>> ListedAsync(string key) =>
        await fixture.Grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new(tenant), SuppressionList.BucketOf(key))).FindAsync([key]);

    private SpoolEntry Entry(string to, string? of = null, bool sender = true)
    {
        var (id, recipient) = (DeliveryId.New(time.GetUtcNow()), Relaying.Address(to));
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = time.GetUtcNow(),
            Message = new()
            {
                Id = id,
                Tenant = new(of ?? tenant),
                Body = new(BodyRef.NameFor(new(of ?? tenant), id), 10),
                Trace = "",
                Envelope = new() { Sender = sender ? Relaying.Address("alice@example.test") : null, Recipients = [new() { Address = recipient, Remote = [recipient] }] },
            },
        };
    }
}
