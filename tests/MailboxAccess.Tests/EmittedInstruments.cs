using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What a meter has measured since this began, and what the README promises of it: <c>name unit</c>.</summary>
internal sealed partial class EmittedInstruments : IDisposable
{
    private readonly SortedSet<string> emitted = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly string meterName;

    /// <param name="meterName">Its name; names of its instruments begin with it in lower case.</param>
    /// <param name="meters">Its server's: each test server has meters of its own.</param>
    public EmittedInstruments(string meterName, IMeterFactory meters)
    {
        this.meterName = meterName;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == meterName && instrument.Meter.Scope == meters)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, _, _) => Record(instrument));
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Record(instrument));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Record(instrument));
        listener.Start();
    }

    /// <summary>All of the README's table and nothing else.</summary>
    public void AssertAsPromised()
    {
        lock (emitted)
        {
            Assert.Equal(Promised(), emitted);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Record(Instrument instrument)
    {
        lock (emitted)
        {
            emitted.Add($"{instrument.Name} {instrument.Unit}");
        }
    }

    private SortedSet<string> Promised()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent!;
        }

        var page = File.ReadAllText(Path.Combine(folder.FullName, "services/MailboxAccess/README.md"));
        var rows = InstrumentRow().Matches(page).Where(m => m.Groups[1].Value.StartsWith(meterName + ".", StringComparison.OrdinalIgnoreCase));
        return new(rows.Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}"), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| `(mailcloud\.[a-z0-9.]+)` \| ([^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();
}
