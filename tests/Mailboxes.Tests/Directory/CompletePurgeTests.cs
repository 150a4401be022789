using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>What the stores hold of a tenant that had something of everything, when its deletion is complete: the README's table says what stays, and nothing else does.</summary>
public sealed class CompletePurgeTests
{
    /// <summary>Journals of all tenants together, which are not a tenant's, and what time alone takes away.</summary>
    private static readonly string[] Staying = ["audit/tenant/late", "deletions/", "job-queue/", "push-shard/", "spool/", "standing/", "trace/", "upkeep-turns/"];

    private static readonly MailboxesOptions Options = new();

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Of_a_tenant_that_had_everything_only_its_audit_log_and_its_traces_stay()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").HostDomainAsync("example.test");
        var before = await FullTenant.StoredAsync(silo);

        await new FullTenant(time).FillAsync(silo);
        string[] kinds =
        [
            "address", "app-passwords", "audit", "dkim", "domain", "index", "job", "jobs", "logins", "mailbox", "oidc", "push", "sending", "submissions", "suppression-index", "suppressions", "tenant", "token", "tokens",
            "totp", "usage", "vacation",
        ];
        Assert.Equal(kinds, (await FullTenant.StoredAsync(silo)).Except(before).Where(name => !name.StartsWith("blob ", StringComparison.Ordinal)).Select(name => name.Split('/')[0]).Distinct()
            .Except(["deletions", "job-queue", "push-shard", "spool", "standing", "trace"]).Order(StringComparer.Ordinal));
        Assert.Contains(await FullTenant.StoredAsync(silo), name => name.StartsWith("blob ", StringComparison.Ordinal));

        await silo.Grains.GetGrain<ITenantDeletionGrain>("late").DeleteAsync();
        time.Advance(Options.DeletedFor);
        for (var i = 0; i < 20 && await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync() is not null; i++)
        {
            await SweepAsync(silo);
        }

        // Bodies that nobody holds stay as long as they may still be filed.
        time.Advance(Options.SweepAbandonedAfter);
        await SweepAsync(silo);

        Assert.Empty((await FullTenant.StoredAsync(silo)).Except(before).Where(name => !Array.Exists(Staying, stays => name.StartsWith(stays, StringComparison.Ordinal))));
        Assert.Empty(before.Except(await FullTenant.StoredAsync(silo)));
        var verified = await silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(default).ToListAsync();
        Assert.Equal(["summary"], verified.Select(record => record.Kind.ToString().ToLowerInvariant()));
        Assert.Equal((0, 0), (verified[0].Counts["waiting"], verified[0].Counts["bodies"]));
        Assert.Single(await silo.Grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(new("late"))).GetPageAsync(0, DateTimeOffset.MinValue, 10));
        Assert.Null(await silo.Grains.GetGrain<IApiTokenGrain>("of-the-tenant").FindAsync());
    }

    [Fact]
    public async Task An_account_takes_its_tokens_along()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await new FullTenant(time).FillAsync(silo);
        var anna = silo.Grains.GetGrain<IAddressGrain>("anna@late.test");
        await anna.DeleteAsync();
        time.Advance(Options.DeletedFor);
        await SweepAsync(silo);
        Assert.Null(await silo.Grains.GetGrain<IApiTokenGrain>("of-anna").FindAsync());
        Assert.NotNull(await silo.Grains.GetGrain<IApiTokenGrain>("of-the-tenant").FindAsync());
        Assert.DoesNotContain(await FullTenant.StoredAsync(silo), name => name.StartsWith("token/of-anna", StringComparison.Ordinal) || name.StartsWith("tokens/address/", StringComparison.Ordinal));
    }

    private static async Task SweepAsync(TestSilo silo) => await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync();
}
