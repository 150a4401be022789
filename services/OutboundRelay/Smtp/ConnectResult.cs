using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>A session on one of a route's hosts, or why there is none.</summary>
internal abstract record ConnectResult
{
    private ConnectResult()
    {
    }

    /// <summary>Whoever gets it ends it.</summary>
    public sealed record Connected(SmtpClientSession Session) : ConnectResult;

    /// <param name="Outcome">The most telling of the failures: a <see cref="RelayOutcome.Deferred"/>, or a <see cref="RelayOutcome.Failed"/> when every host said so.</param>
    /// <param name="Verdict">What it tells of the provider.</param>
    public sealed record NotConnected(RelayOutcome Outcome, ConnectionVerdict Verdict) : ConnectResult;
}
