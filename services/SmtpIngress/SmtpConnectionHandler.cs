using System.Security.Authentication;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MailCloud.SmtpIngress;

internal enum Listener
{
    Mx,
    Submission,
    Submissions,
}

/// <summary>One Kestrel connection: PROXY header, limits, TLS from the first octet, then the session.</summary>
internal sealed class SmtpConnectionHandler(SmtpServices services)
{
    public async Task RunAsync(ConnectionContext connection, Listener listener)
    {
        using var input = new TimedReader(connection.Transport.Input, services.Time);
        var output = new ReplyWriter(connection.Transport.Output, services.Time, services.Options.CommandTimeout, full: 64 * 1024);
        var session = default(SmtpSession);
        SmtpTelemetry.Sessions.Add(1);
        SmtpTelemetry.Places.Record(services.Entrance.Places);
        try
        {
            var remote = await services.Entrance.FindClientAsync(connection, input).ConfigureAwait(false);
            using var place = services.Entrance.TryEnter(remote);
            if (place is null)
            {
                // Before a handshake that costs us more than the peer. RFC 5321 §3.8: 421 instead of the greeting; where TLS comes first nothing can be said.
                services.Log.TurnedAway(remote.Address.ToString(), "too many connections");
                SmtpTelemetry.Refused.Add(1, new("listener", SmtpSession.NameOf(listener)), new("code", 421), new("status", "4.7.0"));
                if (listener != Listener.Submissions)
                {
                    await SayAsync(output, new(421, "4.7.0", "too many connections from your network"), connection.ConnectionClosed).ConfigureAwait(false);
                }

                return;
            }

            session = new SmtpSession(services, listener, connection.ConnectionId, remote, input, output);
            if (listener == Listener.Submissions)
            {
                var tls = session.Secured = await TlsConnection.AcceptAsync(
                    connection.Transport, services.Certificates, services.Options.HandshakeTimeout, services.Time, connection.ConnectionClosed).ConfigureAwait(false);
                input.Replace(tls.Input);
                output.Replace(tls.Output);
            }

            var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            using var farewell = Farewell.AtLast(services.Time, stopping);
            await session.RunAsync(connection.Transport, stopping, farewell.Token, connection.ConnectionClosed).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or AuthenticationException or OperationCanceledException)
        {
            services.Log.BrokenOff(connection.ConnectionId, e.Message);
        }
        finally
        {
            SmtpTelemetry.Sessions.Add(-1);
            if (session?.Secured is { } secured)
            {
                await secured.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static ValueTask SayAsync(ReplyWriter output, SmtpReply reply, CancellationToken cancellationToken)
    {
        reply.WriteTo(output);
        return output.FlushAsync(cancellationToken);
    }
}
