using MailCloud.Credentials;
using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What is said of a domain counts at once for those who read mail in it: its end, and its being another name of one.</summary>
public sealed class DomainChangeTests(ImapServer server) : IClassFixture<ImapServer>
{
    private static readonly TenantId Demo = new("demo");

    [Fact]
    public async Task Sessions_of_a_deleted_domain_end_and_nobody_logs_in_until_it_is_restored()
    {
        var user = await AddAsync("ann", "leaving.test");
        await using var idling = await ImapClient.ConnectAsync(server.EndPoint, user);
        await using var other = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());
        var deletion = Grains.GetGrain<IDomainDeletionGrain>("leaving.test");

        await deletion.DeleteAsync();
        Assert.Equal("* BYE [CONTACTADMIN] This account is suspended", await idling.ReadLineAsync());
        await other.RunOkAsync("NOOP");
        await using var next = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [CONTACTADMIN] This account is suspended"], await next.RunAsync($"LOGIN {user} {ImapServer.Password}"));

        await deletion.RestoreAsync();
        await next.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
    }

    [Fact]
    public async Task Sessions_of_a_deleted_tenant_end_and_nobody_logs_in_until_it_is_restored()
    {
        await Grains.GetGrain<ITenantGrain>("leaving").CreateAsync();
        var user = await AddAsync("ben", "tenant-leaving.test", new("leaving"));
        await using var idling = await ImapClient.ConnectAsync(server.EndPoint, user);
        await using var other = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());
        var deletion = Grains.GetGrain<ITenantDeletionGrain>("leaving");

        await deletion.DeleteAsync();
        Assert.Equal("* BYE [CONTACTADMIN] This account is suspended", await idling.ReadLineAsync());
        await other.RunOkAsync("NOOP");
        await using var next = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [CONTACTADMIN] This account is suspended"], await next.RunAsync($"LOGIN {user} {ImapServer.Password}"));

        await deletion.RestoreAsync();
        await next.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
    }

    [Fact]
    public async Task A_name_in_another_name_of_the_domain_logs_in()
    {
        var user = await AddAsync("cid", "main.test");
        await Grains.GetGrain<ITenantGrain>(Demo.Value).AddDomainAsync("named.test");
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await client.RunAsync($"LOGIN cid@named.test {ImapServer.Password}"));

        await Grains.GetGrain<IDomainGrain>("named.test").RouteAsync(new() { AliasOf = "main.test" });
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await client.RunAsync("LOGIN cid@named.test wrong"));
        await client.RunOkAsync($"LOGIN cid@Named.test {ImapServer.Password}");
        await using var pop = await Pop3Client.ConnectAsync(server.Pop3EndPoint, "cid@named.test");

        // It is the account's own session, and ends with it.
        await Grains.GetGrain<IAddressGrain>(user).SetStateAsync(AccountState.Suspended);
        Assert.Equal("* BYE [CONTACTADMIN] This account is suspended", await client.ReadLineAsync());
    }

    private IGrainFactory Grains => server.Services.GetRequiredService<IGrainFactory>();

    private async Task<string> AddAsync(string user, string domain, TenantId? tenant = null)
    {
        await Grains.GetGrain<ITenantGrain>((tenant ?? Demo).Value).AddDomainAsync(domain);
        var address = new EmailAddress(user, domain);
        await Grains.GetGrain<IAddressGrain>(address.Key).PutAsync(
            new() { Address = address, Tenant = tenant ?? Demo, Kind = AddressKind.Account, Verifier = Verifiers.Create(ImapServer.Password) });
        return address.Key;
    }
}
