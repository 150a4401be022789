using System.Diagnostics.Metrics;
using MailCloud.Messages;

namespace MailCloud.Oidc;

/// <summary>Instruments of the meter <c>MailCloud.Oidc</c>; the README lists them.</summary>
internal sealed class OidcTelemetry : IDisposable
{
    public const string MeterName = "MailCloud.Oidc";

    private readonly Meter meter;
    private readonly Counter<long> tokens;
    private readonly Counter<long> fetches;

    public OidcTelemetry(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        tokens = meter.CreateCounter<long>("mailcloud.oidc.tokens", "{token}", "Tokens that clients have shown, by what was found of them");
        fetches = meter.CreateCounter<long>("mailcloud.oidc.fetches", "{fetch}", "Fetches of an issuer's keys, by result");
    }

    /// <param name="result"><c>Accepted</c>, <c>KeysAway</c> of a token that was not checked, or a <see cref="TokenFault"/>.</param>
    public void Shown(TenantId tenant, string result) => tokens.Add(1, new("tenant", tenant.Value), new("result", result));

    /// <param name="result"><c>fetched</c> or <c>failed</c>.</param>
    public void Fetched(TenantId tenant, string result) => fetches.Add(1, new("tenant", tenant.Value), new("result", result));

    public void Dispose() => meter.Dispose();
}
