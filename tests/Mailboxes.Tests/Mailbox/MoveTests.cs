using MailCloud.MailboxContracts;
using Microsoft.Extensions.Hosting;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>A mailbox in use that moves to another silo, as rebalancing moves it.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private const string Account = "demo/mover";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private TestSilo silo = null!;
    private IHost second = null!;

    private IMailboxGrain Mailbox => silo.Mailbox(Account);

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        second = await silo.AddSiloAsync();
        await Mailbox.CreateAsync(new());
    }

    public async Task DisposeAsync()
    {
        await second.StopAsync();
        second.Dispose();
        await silo.DisposeAsync();
    }

    [Fact]
    public async Task Its_maildrop_stays_with_the_session_that_has_it()
    {
        var session = Guid.NewGuid();
        Assert.Equal(MaildropOutcome.Done, (await Mailbox.OpenMaildropAsync(new() { Session = session })).Outcome);
        await MoveAsync();
        Assert.Equal(MaildropOutcome.InUse, (await Mailbox.OpenMaildropAsync(new() { Session = Guid.NewGuid() })).Outcome);
        Assert.True(await Mailbox.HoldMaildropAsync(session));
    }

    [Fact]
    public async Task Mail_that_comes_meanwhile_is_filed_once()
    {
        var mail = Enumerable.Range(0, 200).Select(_ => Mail.For(Account)).ToArray();
        var filing = Task.WhenAll(mail.Select(m => Mailbox.FileAsync(m)));
        await MoveAsync();
        Assert.All(await filing, outcome => Assert.Equal(FilingResult.Filed, outcome.Result));
        Assert.Equal(mail.Length, (await Mailbox.GetStatusAsync("INBOX"))!.Messages);
    }

    /// <summary>Returns when the mailbox is active on the silo where it was not.</summary>
    private async Task MoveAsync()
    {
        var management = silo.Grains.GetGrain<IManagementGrain>(0);
        var from = await management.GetActivationAddress(Mailbox);
        var to = (await management.GetHosts(onlyActive: true)).Keys.Single(host => !host.Equals(from));
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        await Mailbox.AsReference<IGrainManagementExtension>().MigrateOnIdle();
        RequestContext.Clear();
        using var limit = new CancellationTokenSource(Limit);
        while (!to.Equals(await management.GetActivationAddress(Mailbox)))
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
