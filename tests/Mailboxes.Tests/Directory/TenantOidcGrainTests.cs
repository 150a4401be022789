using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Directory;

public sealed class TenantOidcGrainTests
{
    [Fact]
    public async Task An_issuer_is_kept_until_it_is_replaced_or_removed()
    {
        await using var silo = await TestSilo.StartAsync();
        var issuers = silo.Grains.GetGrain<ITenantOidcGrain>("demo");
        Assert.Null(await issuers.GetAsync());
        Assert.False(await issuers.RemoveAsync());

        await issuers.SetAsync(new() { Issuer = "https://one.test", Audiences = ["mail"] });
        await issuers.SetAsync(new() { Issuer = "https://two.test", Audiences = ["mail", "post"], AccountClaim = "sub", Scopes = ["mail.access"] });
        await silo.ForgetAsync();
        var kept = await issuers.GetAsync();
        Assert.Equal(("https://two.test", "sub"), (kept!.Issuer, kept.AccountClaim));
        Assert.Equal(["mail", "post"], kept.Audiences);
        Assert.Equal(["mail.access"], kept.Scopes);

        Assert.True(await issuers.RemoveAsync());
        await silo.ForgetAsync();
        Assert.Null(await issuers.GetAsync());
    }
}
