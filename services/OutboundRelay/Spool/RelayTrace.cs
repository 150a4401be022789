using MailCloud.MailboxContracts;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Tracing;

namespace MailCloud.OutboundRelay.Spool;

/// <summary>Records attempts at other hosts, for <c>mailcloud trace</c>.</summary>
internal sealed class RelayTrace(MessageTracer tracer)
{
    /// <param name="at">When the attempt ended; the reports follow.</param>
    /// <param name="ended">Entries whose attempt has ended, and whether that was the last one.</param>
    /// <param name="session">Where they were sent; null when there was none.</param>
    public void Tried(DateTimeOffset at, IEnumerable<(SpoolEntry Entry, RelayOutcome Outcome, bool IsFinal)> ended, SmtpClientSession? session)
    {
        foreach (var message in ended.GroupBy(e => e.Entry.Message.Id))
        {
            tracer.Add([.. message.Select(e => Of(at, e.Entry, e.Outcome, e.IsFinal, session))]);
        }
    }

    private static TraceEvent Of(DateTimeOffset at, SpoolEntry entry, RelayOutcome outcome, bool isFinal, SmtpClientSession? session)
    {
        var (reply, host) = outcome switch
        {
            RelayOutcome.Delivered delivered => (delivered.Reply, delivered.Host),
            RelayOutcome.Failed failed => (failed.Reply, failed.Host),
            RelayOutcome.Deferred deferred => (deferred.Reply, deferred.Host),
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "unknown outcome"),
        };
        return new()
        {
            Delivery = entry.Message.Id,
            At = at,
            Kind = outcome is RelayOutcome.Delivered ? TraceKind.Relayed : isFinal ? TraceKind.Failed : TraceKind.Deferred,
            Recipients = [MessageTracer.NameOf(entry)],
            Reply = reply,
            Hop = session is not null ? new(session.HostName, session.Address.ToString(), session.Tls?.ToString()) : host is null ? null : new(host, null, null),
        };
    }
}
