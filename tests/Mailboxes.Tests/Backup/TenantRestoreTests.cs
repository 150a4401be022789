using System.Text.RegularExpressions;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Tests.Directory;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Backup;

/// <summary>A tenant that was removed for good comes back from a backup exactly as it was.</summary>
public sealed partial class TenantRestoreTests : IAsyncLifetime
{
    private static readonly TenantId late = new("late");

    private static readonly MailboxesOptions options = new();

    private readonly DirectoryInfo place = System.IO.Directory.CreateTempSubdirectory("mailcloud-backup-");
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private TestSilo silo = null!;

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync(time: time, settings: [new("Backup:Directory", place.FullName)]);
        await new FullTenant(time).FillAsync(silo);
        await silo.Grains.GetGrain<IAddressGrain>("all@late.test").PutAsync(new() { Address = new("all", "late.test"), Tenant = late, Kind = AddressKind.Group });
        await silo.Grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey("all@late.test", GroupPages.PageOf("x@far.test"))).AddAsync([new("x", "far.test")]);
        await silo.Grains.GetGrain<IAddressGrain>("gone@late.test").PutAsync(new() { Address = new("gone", "late.test"), Tenant = late, Kind = AddressKind.Account, QuotaBytes = 1 });
        await silo.Grains.GetGrain<IAddressGrain>("gone@late.test").DeleteAsync();
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        place.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_its_end_it_is_as_it_was_though_the_restoration_dies(bool dies)
    {
        var account = await AccountAsync();
        var (before, stored, problems) = (await SeenAsync(account), await TheirsAsync(), await ProblemsAsync());
        var next = (await silo.Mailbox(account.Value).GetStatusAsync("INBOX"))!.UidNext;
        await TakeAsync();
        await PurgeAsync();
        Assert.Empty(await TheirsAsync());

        // Who asks meanwhile has grains in memory that have nothing, and stay.
        await Assert.ThrowsAnyAsync<Exception>(() => SeenAsync(account));
        Assert.Null(await silo.Mailbox(account.Value).GetQuotaAsync());
        Assert.Null(await silo.Grains.GetGrain<IDomainGrain>("late.test").GetTenantAsync());

        var begunAt = time.GetUtcNow();
        if (dies)
        {
            using var dying = new CancellationTokenSource();
            var counts = new RestoreCounts();
            var broken = RestoreAsync(begunAt, counts, cancellationToken: dying.Token);
            while (counts.Journals < 3 && !broken.IsCompleted)
            {
                await Task.Yield();
            }

            await dying.CancelAsync();
            await ((Task)broken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await RestoreAsync(begunAt);
        Assert.Equal(before, await SeenAsync(account));
        Assert.Equal(stored, await TheirsAsync());
        Assert.Equal(problems, await ProblemsAsync());
        Assert.Contains("gone@late.test", await silo.Grains.GetGrain<IDeletionsGrain>(Deletions.PartOf("gone@late.test")).GetDueAsync("", 10));

        // It is there: what its mailboxes lack comes back, and they lack nothing.
        var again = new RestoreCounts();
        await RestoreAsync(time.GetUtcNow(), again);
        Assert.Equal((0, 0), (again.Restored, again.Problems));
        Assert.True(again.Messages >= 1101);
        Assert.Equal(stored, await TheirsAsync());

        // Above all UIDs that it can have given after the backup.
        var filed = await silo.Mailbox(account.Value).FileAsync(Mail.For(account.Value, DeliveryId.New(time.GetUtcNow())));
        Assert.Equal(FilingResult.Filed, filed.Result);
        Assert.True(filed.Uid > next + 1000);
    }

    [Fact]
    public async Task One_that_was_deleted_already_when_the_backup_was_taken_is_wanted_back_all_the_same()
    {
        await silo.Grains.GetGrain<ITenantDeletionGrain>("late").DeleteAsync();
        await TakeAsync();
        var refused = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(time.GetUtcNow()));
        Assert.Contains("mailcloud tenant restore late brings it back", refused.Message, StringComparison.Ordinal);

        await PurgeAsync();
        await RestoreAsync(time.GetUtcNow());
        Assert.Equal(["late.test", "later.test"], (await silo.Grains.GetGrain<ITenantGrain>("late").GetAsync())!.Domains.Order());
        Assert.Null(await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync());
        await SweepAsync();
        Assert.NotNull(await silo.Grains.GetGrain<ITenantGrain>("late").GetAsync());
    }

    [Fact]
    public async Task A_domain_that_another_tenant_has_meanwhile_stays_its_own()
    {
        await TakeAsync();
        await PurgeAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").HostDomainAsync("later.test");
        var refused = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(time.GetUtcNow()));
        Assert.Equal("later.test is demo's now: delete it there, and restore late when the domain is gone", refused.Message);
        Assert.Empty((await TheirsAsync()).Where(name => !name.Contains("later.test", StringComparison.Ordinal)));
        Assert.Equal("demo", (await silo.Grains.GetGrain<IDomainGrain>("later.test").GetTenantAsync())!.Value.Value);
        await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(time.GetUtcNow(), tenant: "never"));
    }

    [Fact]
    public void Every_kind_of_journal_is_a_tenants_or_not()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root.GetFiles("MailCloud.sln").Length == 0)
        {
            root = root.Parent!;
        }

        var check = File.ReadAllText(Path.Combine(root.FullName, "services", "Mailboxes", "Upkeep", "JournalCheck.cs"));
        var kinds = Kind().Matches(check).Select(match => match.Groups[1].Value).Append("mailbox").ToList();
        Assert.True(kinds.Count > 20);
        Assert.Equal(kinds.Order(), JournalKinds.OfTenants.Keys.Concat(JournalKinds.Others).Order());
    }

    private async Task<AccountId> AccountAsync() => (await silo.Grains.GetGrain<IAddressGrain>("anna@late.test").GetAsync())!.Account!.Value;

    /// <summary>What clients, programs and administrators see.</summary>
    private async Task<string> SeenAsync(AccountId account)
    {
        var (grains, mailbox) = (silo.Grains, silo.Mailbox(account.Value));
        var messages = await Folders.AllAsync(mailbox, "INBOX");
        object?[] seen =
        [
            await grains.GetGrain<ITenantGrain>("late").GetAsync() is { } tenant ? string.Join(',', tenant.Domains) : throw new InvalidOperationException("there is no tenant"),
            await grains.GetGrain<IDomainGrain>("later.test").FindAsync(),
            (await grains.GetGrain<IAddressGrain>("anna@late.test").GetAsync())!.Account,
            await grains.GetGrain<IAddressGrain>("gone@late.test").GetAsync(),
            string.Join(',', await grains.GetGrain<IGroupGrain>("all@late.test").GetPageAsync("", 10)),
            string.Join(',', (await grains.GetGrain<IAppPasswordsGrain>("anna@late.test").ListAsync()).Select(password => password.Id)),
            (await grains.GetGrain<IApiTokenGrain>("of-anna").FindAsync())?.Name,
            (await grains.GetGrain<IApiTokenGrain>("of-the-tenant").FindAsync())?.Name,
            await mailbox.GetStatusAsync("INBOX") is { } status ? (status.Messages, status.Unseen, status.UidValidity, status.Bytes) : null,
            await mailbox.GetQuotaAsync(),
            .. messages.Select(message => (message.Uid, message.Flags, message.ModSeq, message.InternalDate, message.Size, message.Body.Name)),
        ];
        return string.Join('\n', seen);
    }

    // Journals, and the parts of states; of bodies those that a message refers to.
    private async Task<List<string>> TheirsAsync() =>
    [
        .. (await FullTenant.StoredAsync(silo)).Where(name => name.StartsWith("blob late/mailbox/", StringComparison.Ordinal)
            || (name.Split('/')[0] is var kind && JournalKinds.OfTenants.ContainsKey(kind) && name.Contains("late", StringComparison.Ordinal))
            || name.StartsWith("token/of-", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    private async Task<int> ProblemsAsync() => await silo.Services.GetRequiredService<Verifier>().RunAsync(default).CountAsync(record => record.Kind == UpkeepKind.Problem);

    private async Task PurgeAsync()
    {
        await silo.Grains.GetGrain<ITenantDeletionGrain>("late").DeleteAsync();
        time.Advance(options.DeletedFor);
        for (var i = 0; i < 20 && await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync() is not null; i++)
        {
            await SweepAsync();
        }

        Assert.Null(await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync());
    }

    private async Task TakeAsync() => await silo.Services.GetRequiredService<BackupTaker>().RunAsync(new(), default).CountAsync();

    private async Task SweepAsync() => await silo.Services.GetRequiredService<Sweeper>().RunAsync(options.SweepReleasedAfter, options.SweepAbandonedAfter, default).CountAsync();

    private Task<List<UpkeepRecord>> RestoreAsync(DateTimeOffset begunAt, RestoreCounts? counts = null, string tenant = "late", CancellationToken cancellationToken = default) =>
        silo.Services.GetRequiredService<TenantRestore>().RunAsync(new(tenant), new(null, null, begunAt), counts ?? new(), cancellationToken).ToListAsync(cancellationToken).AsTask();

    [GeneratedRegex("\\[\"([a-z-]+)\"\\] = ")]
    private static partial Regex Kind();
}
