using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>The tenant <c>late</c> with something of everything that a tenant has, but for a group.</summary>
internal sealed class FullTenant(TimeProvider time)
{
    private static readonly MailboxesOptions Options = new();

    public async Task FillAsync(TestSilo silo)
    {
        var (grains, now, late) = (silo.Grains, time.GetUtcNow(), new TenantId("late"));
        await grains.GetGrain<ITenantGrain>("late").CreateAsync();
        await grains.GetGrain<ITenantGrain>("late").HostDomainAsync("late.test");
        await grains.GetGrain<ITenantGrain>("late").HostDomainAsync("later.test");
        await grains.GetGrain<IDomainGrain>("later.test").RouteAsync(new() { AliasOf = "late.test" });
        await grains.GetGrain<IDkimGrain>("late.test").AddAsync(DkimAlgorithm.Ed25519, "one");
        await grains.GetGrain<ITenantOidcGrain>("late").SetAsync(new() { Issuer = "https://issuer.test", Audiences = ["mail"] });
        var listed = new Suppression { Address = "gone@far.test", At = now, Reason = "", ByAdministrator = true };
        await grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(late, SuppressionList.BucketOf(listed.Address))).AddAsync(listed);
        await grains.GetGrain<ISendingGrain>("late").HoldAsync(now.AddHours(1), 10);
        await grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(late)).BeginAsync(
            new() { Act = Guid.NewGuid(), At = now, Name = "root", Role = AdminRole.Platform, From = "", Operation = "POST /tenants", Path = "/admin/v1/tenants" });
        await AddTokenAsync(silo, new("of-the-tenant", null, null));
        await grains.GetGrain<IJobListGrain>(JobLists.KeyOf(late)).BeginAsync(new() { Kind = JobKind.ImportAccounts, Tenant = late, By = "root" });

        var record = new AddressRecord { Address = new("anna", "late.test"), Tenant = late, Kind = AddressKind.Account, QuotaBytes = 1_000_000 };
        await grains.GetGrain<IAddressGrain>("anna@late.test").PutAsync(record);
        await grains.GetGrain<IAddressGrain>("info@late.test").PutAsync(record with { Address = new("info", "late.test"), Kind = AddressKind.Alias, Targets = [record.Address], QuotaBytes = 0 });
        var account = (await grains.GetGrain<IAddressGrain>("anna@late.test").GetAsync())!.Account!.Value;
        await FileAsync(silo, account);
        await grains.GetGrain<ISendingGrain>(account.Value).HoldAsync(now.AddHours(1), 10);
        await grains.GetGrain<ISubmissionsGrain>(account.Value).PutIdentityAsync(new() { Id = SendingIdentity.Own, Name = "Anna" }, null);
        await grains.GetGrain<IVacationGrain>(account.Value).SetAsync(new() { IsEnabled = true, Address = record.Address }, null);
        await grains.GetGrain<IAppPasswordsGrain>("anna@late.test").AddAsync(new() { Id = Guid.NewGuid(), Name = "phone", Scopes = LoginProtocols.Imap, MadeAt = now }, "digest");
        await grains.GetGrain<ITotpGrain>("anna@late.test").BeginAsync();
        await grains.GetGrain<IPushSubscriptionsGrain>(account.Value).AddAsync(
            new() { Id = Guid.NewGuid(), Account = account, Address = "anna@late.test", Credential = "password", DeviceClientId = "phone", Url = "https://push.example.org/1", Code = "code", Expires = now.AddDays(7) });
        await grains.GetGrain<ILoginsGrain>("anna@late.test").AddAsync(Guid.NewGuid(), [new(new(LoginProtocols.Imap, "192.0.2.1", "PLAIN", null, LoginResult.Ok), now, now, 1)]);
        await AddTokenAsync(silo, new("of-anna", "anna@late.test", account));
        await WaitAsync(silo, account);
    }

    // More than a journal takes, so that there are parts of a state; the first has a body of its own.
    private async Task FileAsync(TestSilo silo, AccountId account)
    {
        var first = Mail.For(account.Value, DeliveryId.New(time.GetUtcNow()));
        await WriteAsync(silo, first.Body, BodyOwner.Mailbox(account));
        await silo.Mailbox(account.Value).FileAsync(first);
        foreach (var chunk in Enumerable.Range(0, 1100).Chunk(100))
        {
            await Task.WhenAll(chunk.Select(_ => silo.Mailbox(account.Value).FileAsync(Mail.For(account.Value, DeliveryId.New(time.GetUtcNow())))));
        }
    }

    // One message for another host, and one for its own mailbox.
    private async Task WaitAsync(TestSilo silo, AccountId account)
    {
        var remote = new EmailAddress("b", "far.test");
        await AddAsync(SpoolKind.Outbound, new() { Address = remote, Remote = [remote] }, id => BodyOwner.Spool(id, remote));
        await AddAsync(SpoolKind.Local, new() { Address = new("anna", "late.test"), Mailboxes = [account] }, _ => BodyOwner.Mailbox(account));

        async Task AddAsync(SpoolKind kind, EnvelopeRecipient recipient, Func<DeliveryId, string> owner)
        {
            var id = DeliveryId.New(time.GetUtcNow());
            var body = new BodyRef(BodyRef.NameFor(new("late"), id), 100);
            await WriteAsync(silo, body, owner(id));
            await silo.Grains.GetGrain<ISpoolGrain>(SpoolShards.Of(recipient.Address.AsciiDomain)).AddAsync([new()
            {
                Kind = kind,
                DueAt = time.GetUtcNow() + Options.DeletedFor + Options.DeletedFor,
                Message = new() { Id = id, Tenant = new("late"), Body = body, Envelope = new() { Recipients = [recipient] }, Trace = "" },
            }]);
        }
    }

    private static async Task WriteAsync(TestSilo silo, BodyRef body, string owner)
    {
        await using var upload = silo.Services.GetRequiredService<IMessageBlobs>().Create(body.Name, [owner]);
        await upload.WriteAsync(new byte[body.Length], default);
        await upload.CommitAsync(default);
    }

    private async Task AddTokenAsync(TestSilo silo, TokenHolder holder)
    {
        var token = new ApiToken
        {
            Id = holder.Id,
            Name = "desk",
            Role = holder.Address is null ? AdminRole.Tenant : AdminRole.User,
            Tenant = new("late"),
            Address = holder.Address,
            Account = holder.Account,
            Hash = [1, 2, 3],
            CreatedAt = time.GetUtcNow(),
            CreatedBy = "root",
            ExpiresAt = time.GetUtcNow().AddDays(90),
        };
        await silo.Grains.GetGrain<IApiTokenListGrain>(ApiTokenLists.KeyOf(token)).AddAsync(token.Id, token.ExpiresAt);
        await silo.Grains.GetGrain<IApiTokenGrain>(token.Id).CreateAsync(token);
    }

    /// <summary>The names of all journals and blobs, and the ids of what is queued.</summary>
    public static async Task<List<string>> StoredAsync(TestSilo silo)
    {
        var queue = silo.Services.GetRequiredService<IMailQueue>();
        var journals = silo.Services.GetRequiredService<IJournal>().ListAsync("", default);
        var blobs = silo.Services.GetRequiredService<IMessageBlobs>().ListAsync("", default).Select(blob => $"blob {blob.Name}");
        var entries = queue.ListAsync(default).Concat(queue.ListParkedAsync(default).Select(parked => parked.Message)).Select(message => $"entry {message.Id}");
        return await journals.Concat(blobs).Concat(entries).ToListAsync();
    }

    private sealed record TokenHolder(string Id, string? Address, AccountId? Account);
}
