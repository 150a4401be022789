using MailCloud.OutboundRelay.Routing;
using MailCloud.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Routing;

/// <summary>RFC 8461 with a real policy host, and a zone whose records change. DNS is asked at its source, so that only the router's own memory is at work.</summary>
[Collection("routing")]
public sealed class MtaStsTests(RoutingFixture fixture) : IAsyncLifetime
{
    private const string Hosts = """
        @ MX 10 mx1
        @ MX 20 mx2
        mx1 A 127.0.0.51
        mx2 A 127.0.0.52
        mta-sts A 127.0.0.1
        """;

    private static readonly string[] Enforce = ["version: STSv1", "mode: enforce", "mx: mx1.sts.test", "max_age: 604800"];

    private readonly FakeTimeProvider time = new();
    private PolicyHost host = null!;
    private TestRouter router = null!;

    public async Task InitializeAsync()
    {
        host = await PolicyHost.StartAsync("mta-sts.sts.test");
        router = fixture.Router(Options(), time, host.Trust);
    }

    public async Task DisposeAsync()
    {
        router.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Enforced_hosts_that_it_does_not_name_are_left_out_and_the_others_verified()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        var mx = Assert.Single((await router.RouteAsync("sts.test")).Hosts);
        Assert.Equal(("mx1.sts.test", TlsLevel.Verified, "mta-sts"), (mx.Name, mx.Tls.Level, mx.Tls.Source));
        Assert.Equal(["mx1.sts.test"], mx.Tls.Names);
        Assert.Contains(7210, router.Logged);
        Assert.Contains(7212, router.Logged);
    }

    [Fact]
    public async Task When_it_names_no_host_the_mail_waits()
    {
        await HaveIdAsync("1");
        host.Have("version: STSv1", "mode: enforce", "mx: *.other.test", "max_age: 604800");
        Assert.Equal("4.7.0", (await router.NowhereAsync<RelayOutcome.Deferred>("sts.test")).Status);
    }

    [Fact]
    public async Task A_test_of_a_policy_changes_nothing_and_is_logged()
    {
        await HaveIdAsync("1");
        host.Have("version: STSv1", "mode: testing", "mx: mx1.sts.test", "max_age: 604800");
        await AssertOpportunisticAsync();
        Assert.Contains(7212, router.Logged);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_mta-sts TXT \"v=STSv1; no=id\"")]
    [InlineData("_mta-sts TXT \"v=STSv2; id=1\"")]
    [InlineData("_mta-sts TXT \"v=STSv1; id=1\"\n_mta-sts TXT \"v=STSv1; id=2\"")]
    public async Task Without_one_record_no_policy_is_fetched(string record)
    {
        await fixture.Dns.ReplaceAsync("sts.test", Hosts + "\n" + record);
        host.Have(Enforce);
        await AssertOpportunisticAsync();
        Assert.Equal(0, host.Requests);
    }

    [Fact]
    public async Task A_policy_is_remembered_until_its_id_changes()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        await AssertEnforcedAsync();
        await AssertEnforcedAsync();
        Assert.Equal(1, host.Requests);

        await HaveIdAsync("2");
        host.Have("version: STSv1", "mode: none", "max_age: 604800");
        await AssertOpportunisticAsync();
        Assert.Equal(2, host.Requests);
    }

    [Fact]
    public async Task A_remembered_policy_holds_when_no_new_one_comes_and_ends_with_its_age()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        await AssertEnforcedAsync();

        // The policy host has lost it, then the record is gone, too.
        await HaveIdAsync("2");
        host.HaveNone();
        await AssertEnforcedAsync();
        Assert.Contains(7211, router.Logged);
        await fixture.Dns.ReplaceAsync("sts.test", Hosts);
        await AssertEnforcedAsync();
        time.Advance(TimeSpan.FromDays(6));
        await AssertEnforcedAsync();
        time.Advance(TimeSpan.FromDays(1));
        await AssertOpportunisticAsync();
    }

    [Fact]
    public async Task A_policy_is_looked_at_once_a_day()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        await AssertEnforcedAsync();
        time.Advance(TimeSpan.FromHours(23));
        await AssertEnforcedAsync();
        Assert.Equal(1, host.Requests);
        time.Advance(TimeSpan.FromHours(1));
        await AssertEnforcedAsync();
        Assert.Equal(2, host.Requests);

        // So it does not end a week after the first time.
        time.Advance(TimeSpan.FromDays(6.5));
        host.HaveNone();
        await AssertEnforcedAsync();
    }

    [Fact]
    public async Task What_cannot_be_fetched_is_tried_again_after_five_minutes()
    {
        await HaveIdAsync("1");
        host.HaveNone();
        await AssertOpportunisticAsync();
        await AssertOpportunisticAsync();
        Assert.Equal(1, host.Requests);
        host.Have(Enforce);
        time.Advance(TimeSpan.FromMinutes(5));
        await AssertEnforcedAsync();
    }

    [Fact]
    public async Task Many_messages_at_once_fetch_it_once()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AssertEnforcedAsync()));
        Assert.Equal(1, host.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await HaveIdAsync("1");
        host.Answer = response =>
        {
            response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        await AssertOpportunisticAsync();
        Assert.Contains(7211, router.Logged);
    }

    [Fact]
    public async Task What_is_too_large_is_no_policy()
    {
        await HaveIdAsync("1");
        host.Have([.. Enforce, .. Enumerable.Repeat("x: " + new string('x', 1000), 66)]);
        await AssertOpportunisticAsync();
        Assert.Contains(7211, router.Logged);
    }

    [Fact]
    public async Task What_is_no_text_is_no_policy()
    {
        await HaveIdAsync("1");
        host.Answer = response =>
        {
            response.ContentType = "image/png";
            return response.WriteAsync(string.Join('\n', Enforce));
        };
        await AssertOpportunisticAsync();
        Assert.Contains(7211, router.Logged);
    }

    [Fact]
    public async Task A_policy_host_that_takes_too_long_has_none()
    {
        await HaveIdAsync("1");
        var never = new TaskCompletionSource();
        host.Answer = _ => never.Task;
        using var impatient = fixture.Router(Options() with { MtaSts = Options().MtaSts with { Timeout = TimeSpan.FromMilliseconds(200) } }, time, host.Trust);
        Assert.Equal(2, (await impatient.RouteAsync("sts.test")).Hosts.Count);
        never.SetResult();
    }

    [Fact]
    public async Task Mail_waits_for_a_slow_policy_host_until_its_next_attempt()
    {
        await HaveIdAsync("1");
        var answer = new TaskCompletionSource();
        host.Answer = async response =>
        {
            await answer.Task;
            response.ContentType = "text/plain";
            await response.WriteAsync(string.Join('\n', Enforce));
        };
        var finding = router.NowhereAsync<RelayOutcome.Deferred>("sts.test");
        await UntilAsync(() => host.Requests == 1);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return finding.IsCompleted;
        });
        Assert.Equal("451 4.7.0 the MTA-STS policy of sts.test is being fetched", (await finding).Reply);

        answer.SetResult();
        await UntilAsync(() => router.Logged.Contains(7210));
        await AssertEnforcedAsync();
        Assert.Equal(1, host.Requests);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public async Task A_policy_host_that_nobody_trusted_certifies_has_none()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        using var strict = fixture.Router(Options(), time);
        Assert.Equal(2, (await strict.RouteAsync("sts.test")).Hosts.Count);
        Assert.Equal(0, host.Requests);
    }

    [Fact]
    public async Task A_policy_host_with_the_certificate_of_another_has_none()
    {
        await using var other = await PolicyHost.StartAsync("mta-sts.other.test");
        other.Have(Enforce);
        await HaveIdAsync("1");
        using var deceived = fixture.Router(Options() with { MtaSts = new() { Port = other.Port } }, time, other.Trust);
        Assert.Equal(2, (await deceived.RouteAsync("sts.test")).Hosts.Count);
        Assert.Equal(0, other.Requests);
    }

    [Fact]
    public async Task A_policy_host_inside_is_not_asked()
    {
        await HaveIdAsync("1");
        host.Have(Enforce);
        using var strict = fixture.Router(Options() with { DialPrivate = "127.0.0.51/32,127.0.0.52/32" }, time, host.Trust);
        Assert.Equal(2, (await strict.RouteAsync("sts.test")).Hosts.Count);
        Assert.Equal(0, host.Requests);
    }

    [Fact]
    public async Task Dane_goes_before_it()
    {
        await using var policies = await PolicyHost.StartAsync("mta-sts.sts.secure.test");
        policies.Have("version: STSv1", "mode: enforce", "mx: mx.secure.test", "mx: mx-none.secure.test", "max_age: 604800");
        using var both = fixture.Router(fixture.Options() with { MtaSts = new() { Port = policies.Port } }, time, policies.Trust);
        var hosts = (await both.RouteAsync("sts.secure.test")).Hosts;
        Assert.Equal(["mx.secure.test dane", "mx-none.secure.test mta-sts"], hosts.Select(h => $"{h.Name} {h.Tls.Source}"));
        Assert.Equal([TlsLevel.Dane, TlsLevel.Verified], hosts.Select(h => h.Tls.Level));
    }

    private RelayRoutingOptions Options() => fixture.Options() with
    {
        Dns = new() { Servers = fixture.Dns.Authoritative.ToString() },
        MtaSts = new() { Port = host.Port },
    };

    /// <summary>With TTL 0, so that a change is seen at once.</summary>
    private Task HaveIdAsync(string id) => fixture.Dns.ReplaceAsync("sts.test", $"{Hosts}\n_mta-sts 0 TXT \"v=STSv1; id={id};\"");

    private async Task AssertEnforcedAsync() => Assert.Equal(TlsLevel.Verified, Assert.Single((await router.RouteAsync("sts.test")).Hosts).Tls.Level);

    private async Task AssertOpportunisticAsync()
    {
        var hosts = (await router.RouteAsync("sts.test")).Hosts;
        Assert.Equal(2, hosts.Count);
        Assert.All(hosts, h => Assert.Same(HostTls.Opportunistic, h.Tls));
    }
}
