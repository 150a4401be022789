using OpenTelemetry.Trace;

namespace MailCloud.Hosting;

/// <summary>
/// Whether a trace begins. Messages and requests begin one; a call of a grain is part of theirs, and none by itself: those of timers and of sessions that look for news are many and tell nothing.
/// </summary>
/// <param name="share">Of what begins a trace, 0 to 1.</param>
internal sealed class RootSampler(double share) : Sampler
{
    private readonly TraceIdRatioBasedSampler byShare = new(share);

    /// <remarks>The span of a grain's call is named Interface/Method, as OpenTelemetry's convention for RPC has it; no other is.</remarks>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Name.Contains('/', StringComparison.Ordinal) ? new(SamplingDecision.Drop) : byShare.ShouldSample(samplingParameters);
}
