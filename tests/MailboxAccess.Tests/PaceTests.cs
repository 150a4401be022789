using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>A tenant with a command a second, eleven of them in a burst of four a second: what is beyond waits, whichever of its sessions sends it.</summary>
public sealed class PaceTests
{
    private const int Burst = 11;
    private const int Rounds = 8;

    [Fact]
    public async Task Commands_of_a_tenants_clients_have_their_turn()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var server = new ImapServer { Time = time };
        await server.InitializeAsync();
        try
        {
            var user = await server.CreateAccountAsync();
            await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>("demo").SetLimitsAsync(new() { CommandsPerSecond = 1 });
            await using var imap = await ImapClient.ConnectAsync(server.EndPoint, user);
            await using var pop = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
            var began = time.GetUtcNow();
            await using var stranger = await ImapClient.ConnectAsync(server.EndPoint);
            for (var i = 0; i < Rounds; i++)
            {
                await PassAsync(time, stranger, imap.RunOkAsync("NOOP"));
                await PassAsync(time, stranger, pop.SayOkAsync("NOOP"));
            }

            Assert.InRange(time.GetUtcNow() - began, TimeSpan.FromSeconds((2 * Rounds) - Burst), TimeSpan.MaxValue);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    // Who belongs to no tenant waits for nothing.
    private static async Task PassAsync(FakeTimeProvider time, ImapClient stranger, Task reply)
    {
        while (!reply.IsCompleted)
        {
            await stranger.RunOkAsync("NOOP");
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await reply;
    }
}
