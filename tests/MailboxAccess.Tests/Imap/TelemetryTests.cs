using System.Diagnostics.Metrics;
using MailCloud.MailboxAccess.Imap;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>What the README promises to who watches.</summary>
public sealed class TelemetryTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Every_instrument_of_the_table_is_emitted()
    {
        using var emitted = new EmittedInstruments(ImapTelemetry.MeterName, server.Services.GetRequiredService<IMeterFactory>());
        await using (var dialog = await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync()))
        {
            await dialog.AskAsync("FETCH 1 BODY[]");
            await dialog.AskAsync("NOOP");
        }

        using (var away = new PipedImapServer(server.Services, new() { MaxSessions = 0 }).Connect())
        {
            await away.ReadLineAsync();
        }

        emitted.AssertAsPromised();
    }
}
