using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Testing;

/// <summary>What the instruments of one container of services have measured since this began: sums of counters, and what gauges say now.</summary>
public sealed class MeasuredValues : IDisposable
{
    private readonly Dictionary<string, double> values = [];
    private readonly MeterListener listener = new();

    /// <param name="services">Whose meters count.</param>
    /// <param name="prefix">What the names of the instruments begin with.</param>
    public MeasuredValues(IServiceProvider services, string prefix)
    {
        var scope = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name.StartsWith(prefix, StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, scope))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    /// <summary>By instrument, and its tags' values in their order: <c>mailcloud.spool.entries local</c>.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        lock (values)
        {
            listener.RecordObservableInstruments();
            return new Dictionary<string, double>(values);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = string.Join(' ', [instrument.Name, .. tags.ToArray().Select(tag => string.Format(CultureInfo.InvariantCulture, "{0}", tag.Value))]);
        lock (values)
        {
            values[name] = instrument is Counter<long> ? values.GetValueOrDefault(name) + value : value;
        }
    }
}
