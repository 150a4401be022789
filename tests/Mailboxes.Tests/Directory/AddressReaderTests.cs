using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>Addresses read off their journals are what their grains say.</summary>
public sealed class AddressReaderTests
{
    [Fact]
    public async Task Addresses_are_read_as_their_grains_give_them_in_the_order_of_the_keys()
    {
        await using var silo = await StartAsync();
        await AddAsync(silo, "ann@example.test");
        await AddAsync(silo, "ben@example.test");
        await silo.Grains.GetGrain<IAddressGrain>("ann@example.test").SetStateAsync(AccountState.ReceiveOnly);

        var found = await FindAsync(silo, "ben@example.test", "nobody@example.test", "ann@example.test");
        var (ann, ben) = (await GetAsync(silo, "ann@example.test"), await GetAsync(silo, "ben@example.test"));
        Assert.Equal([(ben!.Account, ben.Verifier, ben.State), default, (ann!.Account, ann.Verifier, ann.State)], found.Select(r => r is null ? default : (r.Account, r.Verifier, r.State)));
        await silo.ForgetAsync();
        Assert.Equal(AccountState.ReceiveOnly, Assert.Single(await FindAsync(silo, "ann@example.test"))!.State);
    }

    [Fact]
    public async Task A_deleted_address_is_not_read_until_it_is_restored()
    {
        await using var silo = await StartAsync();
        await AddAsync(silo, "ann@example.test");
        var grain = silo.Grains.GetGrain<IAddressGrain>("ann@example.test");

        await grain.DeleteAsync();
        Assert.Null(Assert.Single(await FindAsync(silo, "ann@example.test")));
        await grain.RestoreAsync();
        Assert.NotNull(Assert.Single(await FindAsync(silo, "ann@example.test")));
    }

    /// <summary>From the manifest and what came after it, while the address changes and seals again and again.</summary>
    [Fact]
    public async Task An_address_whose_journal_was_sealed_is_read_too()
    {
        await using var silo = await StartAsync();
        await AddAsync(silo, "ann@example.test");
        var grain = silo.Grains.GetGrain<IAddressGrain>("ann@example.test");
        var verifier = "old";
        for (var i = 0; i < 2100; i++)
        {
            Assert.True(await grain.ReplaceVerifierAsync(verifier, $"{i}"));
            verifier = $"{i}";
            if (i % 10 == 0)
            {
                Assert.Equal(verifier, Assert.Single(await FindAsync(silo, "ann@example.test"))!.Verifier);
            }
        }
    }

    private static async Task<TestSilo> StartAsync()
    {
        var silo = await TestSilo.StartAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        return silo;
    }

    private static async Task AddAsync(TestSilo silo, string address) => Assert.Equal(PutAddressResult.Created, await silo.Grains.GetGrain<IAddressGrain>(address)
        .PutAsync(new() { Address = new(address.Split('@')[0], address.Split('@')[1]), Tenant = new("demo"), Kind = AddressKind.Account, Verifier = "old" }));

    private static Task<AddressRecord?> GetAsync(TestSilo silo, string address) => silo.Grains.GetGrain<IAddressGrain>(address).GetAsync();

    private static Task<IReadOnlyList<AddressRecord?>> FindAsync(TestSilo silo, params string[] addresses) => silo.Grains.GetGrain<IAddressReaderGrain>(0).FindAsync(addresses);
}
