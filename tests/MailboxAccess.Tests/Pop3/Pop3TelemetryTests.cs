using System.Diagnostics.Metrics;
using MailCloud.MailboxAccess.Pop3;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>What the README promises to who watches.</summary>
public sealed class Pop3TelemetryTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Every_instrument_of_the_table_is_emitted()
    {
        using var emitted = new EmittedInstruments(Pop3Telemetry.MeterName, server.Services.GetRequiredService<IMeterFactory>());
        await using (var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, await server.CreateAccountAsync()))
        {
            await client.RetrieveAsync("RETR 1");
            await client.SayOkAsync("DELE 1");
            await client.SayOkAsync("QUIT");
        }

        using (var away = new PipedPop3Server(server.Services, new() { MaxSessions = 0 }).Connect())
        {
            await away.ReadLineAsync();
        }

        emitted.AssertAsPromised();
    }
}
