using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Testing;

/// <summary>The waits of logins that a server delays because of failures, as they begin: a test then lets just that time pass.</summary>
public sealed class MeasuredDelays : IDisposable
{
    private readonly Channel<TimeSpan> begun = Channel.CreateUnbounded<TimeSpan>();
    private readonly MeterListener listener = new();

    public MeasuredDelays(IServiceProvider server)
    {
        var scope = server.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "mailcloud.credentials.delay" && ReferenceEquals(instrument.Meter.Scope, scope))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => begun.Writer.TryWrite(TimeSpan.FromSeconds(seconds)));
        listener.Start();
    }

    /// <summary>The next wait that begins.</summary>
    public Task<TimeSpan> NextAsync() => begun.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public bool HasNone => begun.Reader.Count == 0;

    public void Dispose() => listener.Dispose();
}
