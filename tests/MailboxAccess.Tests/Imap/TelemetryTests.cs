using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using MailCloud.MailboxAccess.Imap;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>What the README promises to who watches.</summary>
public sealed partial class TelemetryTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Every_instrument_of_the_table_is_emitted()
    {
        // Each test server has meters of its own.
        var scope = server.Services.GetRequiredService<IMeterFactory>();
        var emitted = new SortedSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ImapTelemetry.MeterName && instrument.Meter.Scope == scope)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, _, _) => Record(instrument));
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Record(instrument));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Record(instrument));
        listener.Start();
        await using (var dialog = await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync()))
        {
            await dialog.AskAsync("FETCH 1 BODY[]");
            await dialog.AskAsync("NOOP");
        }

        using (var away = new PipedImapServer(server.Services, new() { MaxSessions = 0 }).Connect())
        {
            await away.ReadLineAsync();
        }

        lock (emitted)
        {
            Assert.Equal(Table(), emitted);
        }

        void Record(Instrument instrument)
        {
            lock (emitted)
            {
                emitted.Add($"{instrument.Name} {instrument.Unit}");
            }
        }
    }

    private static SortedSet<string> Table()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent!;
        }

        var page = File.ReadAllText(Path.Combine(folder.FullName, "services/MailboxAccess/README.md"));
        return new(InstrumentRow().Matches(page).Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}"), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| `(mailcloud\.imap\.[a-z.]+)` \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();
}
