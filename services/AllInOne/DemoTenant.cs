using System.Net;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.AllInOne;

/// <summary>
/// Makes the demo tenant in an empty store, so that a first mail can be sent and read at once. Its passwords are in the README: with them in the store the program
/// listens on loopback only.
/// </summary>
internal sealed class DemoTenant(IGrainFactory grains, IConfiguration configuration) : IHostedService
{
    public const string Password = "mailcloud";

    public static readonly IReadOnlyList<EmailAddress> Accounts = [new("alice", "example.test"), new("bob", "example.test")];

    private static readonly string[] Listeners =
        ["Smtp:Mx", "Smtp:Submission", "Smtp:Submissions", "Imap:Plain", "Imap:Tls", "Pop3:Plain", "Pop3:Tls", "Web:Http", "Web:Admin"];

    // Hosted services start in order of registration: the silo before this one, the listeners after it.
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var exists = await grains.GetGrain<IAddressGrain>(Accounts[0].Key).GetAsync() is not null;
        if (exists || configuration.GetValue("Demo", defaultValue: true))
        {
            RefuseOtherThanLoopback();
        }

        if (!exists && configuration.GetValue("Demo", defaultValue: true))
        {
            await CreateAsync();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CreateAsync()
    {
        var tenant = new TenantId("demo");
        var grain = grains.GetGrain<ITenantGrain>(tenant.Value);
        await grain.CreateAsync();
        await grain.AddDomainAsync("example.test");
        foreach (var address in Accounts.Reverse())
        {
            // Alice last: she is what a next start looks for.
            await grains.GetGrain<IAddressGrain>(address.Key).PutAsync(new()
            {
                Address = address,
                Tenant = tenant,
                Kind = AddressKind.Account,
                Verifier = Verifiers.Create(Password),
            });
        }
    }

    private void RefuseOtherThanLoopback()
    {
        foreach (var listener in Listeners.Where(l => !string.IsNullOrEmpty(configuration[l])))
        {
            if (!IPEndPoint.TryParse(configuration[listener]!, out var endpoint) || !IPAddress.IsLoopback(endpoint.Address))
            {
                throw new InvalidOperationException(
                    $"{listener} is {configuration[listener]}, which others can reach, but the store has the demo accounts, whose password everybody knows. "
                    + "Start with --Demo=false and a new --Data folder, or listen on loopback.");
            }
        }
    }
}
