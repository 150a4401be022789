using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.OutboundRelay.Spool;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>What a <see cref="DestinationRun"/> works with.</summary>
internal sealed record RelayServices(
    Leases Leases, Grants Grants, Router Router, SmtpConnector Connector, MessageRelay Messages, LocalReturn Local, Suppressions Suppressions, Suspensions Suspensions,
    OutcomeReporter Outcomes, ReadyDestinations Ready, RelayTelemetry Telemetry, TimeProvider Time);

/// <summary>
/// One connection's worth of work on one destination: lease, route, be granted a connection, connect, and send until nothing is due or the connection has carried what it may. What another connection
/// has to do, because it has another route or because this one is used up, is given back.
/// </summary>
/// <param name="destination">Where mail is due.</param>
/// <param name="services">What it works with.</param>
/// <param name="telling">Ends the telling of outcomes; later than the work itself ends, as what a host has taken must be known to the spool.</param>
internal sealed class DestinationRun(ReadyDestination destination, RelayServices services, CancellationToken telling) : IDisposable
{
    private readonly BatchSize batch = new();
    private readonly LeasedEntries leased = services.Leases.Begin(destination.Shard);

    /// <summary>The last lease gave as many as it may: there may be work for another connection.</summary>
    private bool isFull;

    /// <summary>Of the last lease some were held: more may be due behind them.</summary>
    private bool hasHeld;

    /// <summary>How long the spool took with the last outcome.</summary>
    private TimeSpan ended;

    /// <summary>True when more may be due there, for another connection.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var entries = await LeaseAsync(cancellationToken);
        var more = hasHeld;
        foreach (var sameRoute in await RoutedAsync(entries, cancellationToken))
        {
            more |= sameRoute.Key switch
            {
                RouteResult.Found found => await ConnectAsync(found.Route, await UnlistedAsync([.. sameRoute], cancellationToken), cancellationToken),
                RouteResult.None none => await EndAsync([.. sameRoute.Select(e => (e, none.Outcome))]),
                _ => await ReturnAsync(sameRoute, cancellationToken),
            };
        }

        return more;
    }

    public void Dispose() => leased.Dispose();

    private async Task<IReadOnlyList<SpoolEntry>> LeaseAsync(CancellationToken cancellationToken)
    {
        var entries = await services.Leases.TakeAsync(leased, destination.Domain, batch.Next, cancellationToken);
        isFull = entries.Count >= batch.Next;
        var held = await services.Suspensions.FindAsync(entries, cancellationToken);
        hasHeld = held.Count > 0;
        if (!hasHeld)
        {
            return entries;
        }

        await services.Outcomes.HoldAsync(leased, held, telling);
        return [.. entries.Except(held)];
    }

    /// <summary>Entries by where they go. All of one destination usually go the same way; smarthosts may depend on who sends.</summary>
    private async Task<IEnumerable<IGrouping<RouteResult, SpoolEntry>>> RoutedAsync(IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var routed = new List<(RouteResult Route, SpoolEntry Entry)>(entries.Count);
        foreach (var bySender in entries.GroupBy(e => (e.Message.Tenant, e.Message.Envelope.Sender?.AsciiDomain)))
        {
            var first = bySender.First();
            var route = await services.Router.FindAsync(first.Recipient.Remote[0], first.Message.Envelope.Sender, first.Message.Tenant, cancellationToken);
            var known = routed.Find(r => r.Route is RouteResult.Found found && route is RouteResult.Found same && SameWay(found.Route, same.Route)).Route;
            routed.AddRange(bySender.Select(e => (known ?? route, e)));
        }

        return routed.GroupBy(r => r.Route, r => r.Entry, ReferenceEqualityComparer.Instance as IEqualityComparer<RouteResult>);
    }

    private static bool SameWay(Route one, Route other) =>
        one.Provider == other.Provider && one.Login == other.Login && one.Hosts[0].Name == other.Hosts[0].Name && one.Hosts[0].Port == other.Hosts[0].Port
        && one.Hosts[0].Tls.Level == other.Hosts[0].Tls.Level;

    // RFC 8689 §5: a report goes on without what its message demanded, rather than not at all.
    private static TlsDemand DemandOf(SpoolEntry entry) => entry.Message.Envelope is { Tls: TlsDemand.Required, Sender: null } ? TlsDemand.Unspecified : entry.Message.Envelope.Tls;

    private async Task<bool> ReturnAsync(IEnumerable<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var returned = new List<(SpoolEntry, RelayOutcome)>();
        foreach (var entry in entries)
        {
            returned.Add((entry, await services.Local.ReturnAsync(entry, cancellationToken)));
        }

        return await EndAsync(returned);
    }

    private async Task<bool> EndAsync(IReadOnlyList<(SpoolEntry, RelayOutcome)> ended)
    {
        await services.Outcomes.ReportAsync(leased, ended, session: null, telling);
        return true;
    }

    /// <summary>What goes to listed addresses ends here; the others are returned.</summary>
    private async Task<List<SpoolEntry>> UnlistedAsync(List<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var listed = await services.Suppressions.FindAsync(entries, cancellationToken);
        if (listed.Count == 0)
        {
            return entries;
        }

        await services.Outcomes.ReportAsync(leased, listed, session: null, telling);
        return [.. entries.Except(listed.Select(l => l.Entry))];
    }

    private async Task<bool> ConnectAsync(Route route, List<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
        {
            return true;
        }

        var (answer, grant) = await services.Grants.AcquireAsync(route.Provider, route.Limits, cancellationToken);
        if (grant is null)
        {
            return await WaitAsync(route, entries, answer, cancellationToken);
        }

        AskForAnother();
        var report = new ConnectionReport(0, ConnectionVerdict.Fine, null);
        try
        {
            using var connection = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grant.Lost);
            report = await SendAsync(route, entries, grant, connection.Token, cancellationToken);
        }
        finally
        {
            await services.Grants.ReleaseAsync(grant, report, CancellationToken.None);
        }

        return true;
    }

    // Not before this one has been granted: others that ask in vain would have others ask.
    private void AskForAnother()
    {
        if (isFull)
        {
            services.Ready.HintMore(destination);
        }
    }

    /// <summary>No connection now. Either the provider is left alone for some time, or others have all its connections.</summary>
    private async Task<bool> WaitAsync(Route route, List<SpoolEntry> entries, ConnectionGrant answer, CancellationToken cancellationToken)
    {
        if (answer.SuspendedUntil is { } until)
        {
            while (entries.Count > 0)
            {
                await services.Outcomes.PostponeAsync(leased, entries, until, $"{route.Provider} is left alone until {until:u}", cancellationToken);
                batch.Took(TimeSpan.Zero);
                entries = await NextAsync(route, demand: null, cancellationToken);
            }

            return true;
        }

        await services.Leases.GiveBackAsync(leased, entries, cancellationToken);
        services.Ready.PutOff(destination, answer.AskAgainAfter, services.Time);
        return false;
    }

    /// <summary>Connects, and sends what demands the same of TLS as the first entry; what demands more or less goes by a connection of its own.</summary>
    /// <param name="connection">Ends the connection: the grant is gone, or what follows.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    private async Task<ConnectionReport> SendAsync(Route route, List<SpoolEntry> entries, HeldGrant grant, CancellationToken connection, CancellationToken cancellationToken)
    {
        var demand = DemandOf(entries[0]);
        var mine = entries.FindAll(e => DemandOf(e) == demand);
        await services.Leases.GiveBackAsync(leased, [.. entries.Except(mine)], cancellationToken);
        var result = await services.Connector.ConnectAsync(route, demand == TlsDemand.Required, demand == TlsDemand.NotRequired, connection);
        if (result is ConnectResult.NotConnected failed)
        {
            await services.Outcomes.ReportAsync(leased, [.. mine.Select(e => (e, failed.Outcome))], session: null, telling);
            return new(0, failed.Verdict, (failed.Outcome as RelayOutcome.Deferred)?.Reply);
        }

        await using var session = ((ConnectResult.Connected)result).Session;
        services.Telemetry.Connected();
        try
        {
            var report = await SendAllAsync(route, session, mine, grant, connection, cancellationToken);
            await session.QuitAsync(connection);
            return report;
        }
        finally
        {
            services.Telemetry.Disconnected();
        }
    }

    /// <summary>
    /// One message after the other, while the session is good, the grant lasts, and something is due. While one is being sent the next is made ready, and, when the host takes longer with a message than the spool
    /// with an outcome, the spool is told of the one before: a host that takes few connections is kept busy on each. So a relay that dies leaves at most two messages of a connection that the host has and the spool
    /// gives out again; one, where the host is quick.
    /// </summary>
    private async Task<ConnectionReport> SendAllAsync(
        Route route, SmtpClientSession session, List<SpoolEntry> entries, HeldGrant grant, CancellationToken connection, CancellationToken cancellationToken)
    {
        var demand = DemandOf(entries[0]);
        var leasedAt = services.Time.GetTimestamp();
        var upcoming = new Upcoming(entries, grant.Messages, LeaseMoreAsync, transaction => services.Messages.PrepareAsync(session, transaction, connection));
        var report = new ConnectionReport(0, ConnectionVerdict.Fine, null);
        var ending = Task.CompletedTask;
        try
        {
            while (await upcoming.TakeAsync() is { } message)
            {
                var sending = services.Time.GetTimestamp();
                var result = await services.Messages.SendAsync(session, message, connection);
                var took = services.Time.GetElapsedTime(sending);
                report = new(report.Messages + 1, result.Verdict == ConnectionVerdict.Fine ? report.Verdict : result.Verdict, result.Reply ?? report.Reply);
                await ending;
                ending = EndAsync(result, session, isOver: cancellationToken.IsCancellationRequested);
                if (!result.Usable)
                {
                    break;
                }

                if (took < ended)
                {
                    await ending;
                }
            }

            await ending;
        }
        finally
        {
            await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await services.Leases.GiveBackAsync(leased, await upcoming.EndAsync(), telling);
        }

        return report;

        async Task<List<SpoolEntry>> LeaseMoreAsync()
        {
            batch.Took(services.Time.GetElapsedTime(leasedAt));
            leasedAt = services.Time.GetTimestamp();
            var more = await NextAsync(route, demand, connection);
            AskForAnother();
            return more;
        }
    }

    // What the end of the drain has cut off was not tried; what the host has said of the others holds.
    private async Task EndAsync(MessageResult result, SmtpClientSession session, bool isOver)
    {
        var started = services.Time.GetTimestamp();
        var isCutOff = result.Outcomes.ToLookup(o => isOver && o.Outcome is RelayOutcome.Deferred { Host: null });
        await services.Outcomes.ReportAsync(leased, [.. isCutOff[false]], session, telling);
        await services.Leases.GiveBackAsync(leased, [.. result.AtOnce, .. isCutOff[true].Select(o => o.Entry)], telling);
        ended = services.Time.GetElapsedTime(started);
    }

    /// <summary>What is due for the same session; what goes another way is given back.</summary>
    private async Task<List<SpoolEntry>> NextAsync(Route route, TlsDemand? demand, CancellationToken cancellationToken)
    {
        var entries = await LeaseAsync(cancellationToken);
        var same = new List<SpoolEntry>(entries.Count);
        foreach (var sameRoute in await RoutedAsync(entries, cancellationToken))
        {
            if (sameRoute.Key is RouteResult.Found found && SameWay(found.Route, route))
            {
                same.AddRange(sameRoute.Where(e => demand is null || DemandOf(e) == demand));
            }
        }

        await services.Leases.GiveBackAsync(leased, [.. entries.Except(same)], cancellationToken);
        return await UnlistedAsync(same, cancellationToken);
    }
}
