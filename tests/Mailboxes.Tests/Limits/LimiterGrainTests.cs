using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Limits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace MailCloud.Mailboxes.Tests.Limits;

/// <summary>Limits hold across all relays whatever becomes of silos, although nothing is stored.</summary>
public sealed class LimiterGrainTests
{
    private static readonly ConnectionRequest Two = new(new(2, 100, null));

    [Fact]
    public async Task Grants_outlast_a_collection_of_idle_activations()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var limiter = silo.Grains.GetGrain<ILimiterGrain>("pool/provider");
        var grant = (await limiter.AcquireAsync(Two)).Grant!.Value;
        await silo.ForgetAsync();
        Assert.Empty(await limiter.RenewAsync([grant]));
    }

    [Fact]
    public async Task After_a_start_nothing_is_granted_until_earlier_grants_have_ended()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time, relaysInProcess: false);
        var limiter = silo.Grains.GetGrain<ILimiterGrain>("pool/provider");
        var early = await limiter.AcquireAsync(Two);
        Assert.Null(early.Grant);
        Assert.InRange(early.AskAgainAfter, TimeSpan.FromSeconds(1), ILimiterGrain.Lease);
        time.Advance(early.AskAgainAfter);
        Assert.NotNull((await limiter.AcquireAsync(Two)).Grant);
    }

    [Fact]
    public async Task After_the_loss_of_a_silo_only_limiters_made_anew_wait()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var (old, made) = (silo.Grains.GetGrain<ILimiterGrain>("pool/old"), silo.Grains.GetGrain<ILimiterGrain>("pool/new"));
        Assert.NotNull((await old.AcquireAsync(Two)).Grant);
        time.Advance(TimeSpan.FromSeconds(5));

        silo.Services.GetRequiredService<SiloLosses>().SiloStatusChangeNotification(SiloAddress.FromParsableString("127.0.0.1:1@1"), SiloStatus.Dead);

        Assert.NotNull((await old.AcquireAsync(Two)).Grant);
        Assert.Equal(ILimiterGrain.Lease, (await made.AcquireAsync(Two)).AskAgainAfter);
        time.Advance(ILimiterGrain.Lease);
        Assert.NotNull((await made.AcquireAsync(Two)).Grant);
    }

    [Fact]
    public async Task What_is_answered_and_learnt_is_counted_and_logged()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time, relaysInProcess: false);
        var counted = new ConcurrentQueue<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == LimiterTelemetry.Name && instrument.Meter.Scope == silo.Services.GetRequiredService<IMeterFactory>())
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) =>
        {
            // At its start it counts none of each lesson, so that they are known.
            if (count > 0)
            {
                counted.Enqueue($"{instrument.Name["mailcloud.limiter.".Length..]} {tags[0].Value}");
            }
        });
        listener.Start();
        var limiter = silo.Grains.GetGrain<ILimiterGrain>("pool/provider");
        await limiter.AcquireAsync(Two);
        time.Advance(ILimiterGrain.Lease);
        await ReleaseAsync(ConnectionVerdict.TooMuch);
        await ReleaseAsync(ConnectionVerdict.Unreachable);
        Assert.Null((await limiter.AcquireAsync(Two)).Grant);
        time.Advance(TimeSpan.FromMinutes(1));
        await ReleaseAsync(ConnectionVerdict.Fine);
        await limiter.AcquireAsync(Two);
        await limiter.AcquireAsync(Two);

        Assert.Equal(
            [
                "answers quiet", "answers granted", "lessons fewer", "answers granted", "lessons paused", "answers paused", "answers granted", "lessons resumed", "answers granted", "answers limited",
            ],
            counted);
        Assert.Equal([3007, 3006, 3008], silo.Logged.Where(id => id is 3006 or 3007 or 3008));

        async Task ReleaseAsync(ConnectionVerdict verdict) =>
            await limiter.ReleaseAsync((await limiter.AcquireAsync(Two)).Grant!.Value, new(1, verdict, verdict == ConnectionVerdict.Fine ? null : "421 not now"));
    }

    [Fact]
    public async Task A_silo_that_leaves_is_noticed_and_relays_keep_what_they_renew()
    {
        await using var silo = await TestSilo.StartAsync();
        var second = await silo.AddSiloAsync();
        await second.StopAsync();
        second.Dispose();

        var limiter = silo.Grains.GetGrain<ILimiterGrain>("pool/provider");
        var early = await limiter.AcquireAsync(Two);
        Assert.Null(early.Grant);
        Assert.InRange(early.AskAgainAfter, TimeSpan.FromTicks(1), ILimiterGrain.Lease);
        Assert.Empty(await limiter.RenewAsync([Guid.NewGuid()]));
    }

    [Fact]
    public async Task Grants_move_with_the_limiter()
    {
        await using var silo = await TestSilo.StartAsync();
        using var second = await silo.AddSiloAsync();
        var limiter = silo.Grains.GetGrain<ILimiterGrain>("pool/mover");
        var grant = (await limiter.AcquireAsync(Two)).Grant;
        while (grant is null)
        {
            // The second silo notes its own start, and may have got the limiter.
            limiter = silo.Grains.GetGrain<ILimiterGrain>($"pool/{Guid.NewGuid():N}");
            grant = (await limiter.AcquireAsync(Two)).Grant;
        }

        var management = silo.Grains.GetGrain<IManagementGrain>(0);
        var from = await management.GetActivationAddress(limiter);
        var to = (await management.GetHosts(onlyActive: true)).Keys.Single(host => !host.Equals(from));
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        await limiter.AsReference<IGrainManagementExtension>().MigrateOnIdle();
        RequestContext.Clear();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!to.Equals(await management.GetActivationAddress(limiter)))
        {
            await Task.Delay(10, limit.Token);
        }

        Assert.Empty(await limiter.RenewAsync([grant.Value]));
        Assert.NotNull((await limiter.AcquireAsync(Two)).Grant);
        Assert.Null((await limiter.AcquireAsync(Two)).Grant);
        await second.StopAsync();
    }
}
