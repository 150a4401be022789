using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>An account's app passwords: what each opens, what is noted of its use, and when it opens nothing more.</summary>
public sealed class AppPasswordTests
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task One_opens_its_protocols_until_it_is_removed()
    {
        await using var silo = await StartAsync();
        var bob = PasswordsOf(silo, "bob");
        var phone = New("phone", LoginProtocols.Imap | LoginProtocols.Smtp);
        Assert.Equal(AddAppPasswordResult.Added, await bob.AddAsync(phone, "digest"));
        Assert.Equal(AddAppPasswordResult.Added, await bob.AddAsync(phone, "digest"));
        await silo.ForgetAsync();

        Assert.Equal(phone.Id, (await bob.UseAsync("digest", LoginProtocols.Imap, "192.0.2.1"))?.Id);
        Assert.Equal(phone.Id, (await bob.UseAsync("digest", LoginProtocols.Smtp, "192.0.2.1"))?.Id);
        Assert.Null(await bob.UseAsync("digest", LoginProtocols.Pop, "192.0.2.1"));
        Assert.Null(await bob.UseAsync("another", LoginProtocols.Imap, "192.0.2.1"));

        Assert.True(await bob.RemoveAsync(phone.Id));
        Assert.Null(await bob.UseAsync("digest", LoginProtocols.Imap, "192.0.2.1"));
        Assert.False(await bob.RemoveAsync(phone.Id));
        await silo.ForgetAsync();
        Assert.Empty(await bob.ListAsync());
    }

    [Fact]
    public async Task One_that_has_run_out_opens_nothing_and_stays_listed()
    {
        await using var silo = await StartAsync();
        var bob = PasswordsOf(silo, "bob");
        await bob.AddAsync(New("phone", LoginProtocols.Imap) with { ExpiresAt = time.GetUtcNow().AddDays(1) }, "digest");
        Assert.NotNull(await bob.UseAsync("digest", LoginProtocols.Imap, "192.0.2.1"));
        time.Advance(TimeSpan.FromDays(1));
        Assert.Null(await bob.UseAsync("digest", LoginProtocols.Imap, "192.0.2.1"));
        Assert.Single(await bob.ListAsync());
    }

    [Fact]
    public async Task The_last_use_is_noted_once_an_hour()
    {
        await using var silo = await StartAsync();
        var bob = PasswordsOf(silo, "bob");
        await bob.AddAsync(New("phone", LoginProtocols.Imap | LoginProtocols.Pop), "digest");
        var first = time.GetUtcNow();
        await bob.UseAsync("digest", LoginProtocols.Imap, "192.0.2.1");
        time.Advance(TimeSpan.FromMinutes(59));
        await bob.UseAsync("digest", LoginProtocols.Pop, "192.0.2.2");
        await silo.ForgetAsync();
        Assert.Equal(new(first, LoginProtocols.Imap, "192.0.2.1"), Assert.Single(await bob.ListAsync()).LastUse);

        time.Advance(TimeSpan.FromMinutes(1));
        await bob.UseAsync("digest", LoginProtocols.Pop, "192.0.2.2");
        await silo.ForgetAsync();
        Assert.Equal(new(first.AddHours(1), LoginProtocols.Pop, "192.0.2.2"), Assert.Single(await bob.ListAsync()).LastUse);
    }

    [Fact]
    public async Task There_are_fifty_at_most_of_different_names_and_of_accounts_alone()
    {
        await using var silo = await StartAsync();
        Assert.Equal(AddAppPasswordResult.NoAccount, await PasswordsOf(silo, "nobody").AddAsync(New("phone", LoginProtocols.Imap), "digest"));
        var bob = PasswordsOf(silo, "bob");
        for (var i = 0; i < AppPassword.Most; i++)
        {
            Assert.Equal(AddAppPasswordResult.Added, await bob.AddAsync(New($"phone {i}", LoginProtocols.Imap), $"{i}"));
            Assert.Equal(i + 1 < AppPassword.Most ? AddAppPasswordResult.NameTaken : AddAppPasswordResult.TooMany, await bob.AddAsync(New($"Phone {i}", LoginProtocols.Imap), "digest"));
        }

        Assert.Equal(Enumerable.Range(0, AppPassword.Most).Select(i => $"phone {i}"), (await bob.ListAsync()).Select(password => password.Name));
        Assert.NotNull(await bob.UseAsync("49", LoginProtocols.Imap, "192.0.2.1"));
    }

    private async Task<TestSilo> StartAsync()
    {
        var silo = await TestSilo.StartAsync(time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await silo.Grains.GetGrain<IAddressGrain>("bob@example.test").PutAsync(new() { Address = new("bob", "example.test"), Tenant = new("demo"), Kind = AddressKind.Account });
        return silo;
    }

    private static IAppPasswordsGrain PasswordsOf(TestSilo silo, string user) => silo.Grains.GetGrain<IAppPasswordsGrain>($"{user}@example.test");

    private AppPassword New(string name, LoginProtocols scopes) => new() { Id = Guid.NewGuid(), Name = name, Scopes = scopes, MadeAt = time.GetUtcNow() };
}
