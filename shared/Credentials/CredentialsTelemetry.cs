using System.Diagnostics.Metrics;

namespace MailCloud.Credentials;

/// <summary>Instruments of the meter <c>MailCloud.Credentials</c>; the README lists them.</summary>
internal sealed class CredentialsTelemetry : IDisposable
{
    public const string MeterName = "MailCloud.Credentials";

    private readonly Meter meter;
    private readonly Counter<long> attempts;
    private readonly Counter<long> derivations;
    private readonly Counter<long> refused;
    private readonly Histogram<double> delays;

    public CredentialsTelemetry(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        attempts = meter.CreateCounter<long>("mailcloud.credentials.attempts", "{attempt}", "Attempts to log in that were answered, by result");
        derivations = meter.CreateCounter<long>("mailcloud.credentials.derivations", "{derivation}", "Checks of a password that cost a key derivation");
        refused = meter.CreateCounter<long>("mailcloud.credentials.refused", "{attempt}", "Attempts to log in that were not checked because too many waited, by line");
        Array.ForEach(["line", "derivations", "codes"], line => refused.Add(0, new KeyValuePair<string, object?>("line", line)));
        delays = meter.CreateHistogram<double>("mailcloud.credentials.delay", "s", "Waits of attempts that were delayed because of failures");
    }

    /// <param name="result"><c>right</c>, <c>cached</c>, <c>app</c> (an app password), <c>wrong</c>, or <c>repeated</c>: wrong, and known to be.</param>
    public void Answered(string result) => attempts.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Derived() => derivations.Add(1);

    public void Refused(string line) => refused.Add(1, new KeyValuePair<string, object?>("line", line));

    public void Delayed(TimeSpan wait) => delays.Record(wait.TotalSeconds);

    public void Dispose() => meter.Dispose();
}
