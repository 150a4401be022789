using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using MailKit;
using MailKit.Security;

namespace MailCloud.Cli.Checks;

/// <summary>Whether each port greets, and shows a certificate that mail programs take.</summary>
/// <param name="host">Where to connect.</param>
/// <param name="name">Whose the certificate is to be: the name that mail programs are given.</param>
internal sealed class ServiceChecks(string host, string name, Authorities authorities)
{
    /// <summary>ACME clients renew 30 days before the end (certbot, acme.sh): one that is this near has failed for weeks.</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(14);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task<CheckResult> CheckAsync(MailService service, CancellationToken cancellationToken)
    {
        var check = string.Create(CultureInfo.InvariantCulture, $"{service.Name} {host}:{service.Port}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        ShownCertificate? shown = null;
        try
        {
            // Nothing secret is sent: the handshake is finished whatever is shown, so that all that is wrong can be told.
            using var client = await ConnectAsync(service, certificate => (shown = certificate) is not null, limit.Token);
            await client.DisconnectAsync(quit: true, limit.Token);
        }
        catch (Exception e) when (IsOfService(e) && !cancellationToken.IsCancellationRequested)
        {
            // Of a handshake that is given up MailKit says that it failed.
            return limit.IsCancellationRequested
                ? CheckResult.Failed(
                    check, $"no answer within {Patience.TotalSeconds:0} seconds", "see what the service logs and whether it hangs, and whether a firewall drops the packets")
                : WhyNot(check, service, e);
        }

        return Judge(check, shown!, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Connects and shakes hands if nothing is wrong with the certificate. The client is the caller's to dispose.</summary>
    public Task<MailKit.MailService> ConnectSafelyAsync(MailService service, CancellationToken cancellationToken) =>
        ConnectAsync(service, certificate => certificate.Faults == SslPolicyErrors.None, cancellationToken);

    /// <summary>Errors that the service or the way to it makes.</summary>
    public static bool IsOfService(Exception e) => e is SocketException or IOException or OperationCanceledException or NotSupportedException or ProtocolException or CommandException
        or System.Security.Authentication.AuthenticationException or MailKit.Security.AuthenticationException or SslHandshakeException;

    private async Task<MailKit.MailService> ConnectAsync(MailService service, Func<ShownCertificate, bool> accept, CancellationToken cancellationToken)
    {
        var client = service.NewClient();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.CheckCertificateRevocation = false;
            client.ServerCertificateValidationCallback = (_, certificate, chain, faults) =>
                accept(ShownCertificate.Of(certificate, authorities.Judge(certificate, chain, faults)));
            await socket.ConnectAsync(host, service.Port, cancellationToken);
            await client.ConnectAsync(socket, name, service.Port, service.Security, cancellationToken);
            return client;
        }
        catch
        {
            socket.Dispose();
            client.Dispose();
            throw;
        }
    }

    private CheckResult Judge(string check, ShownCertificate shown, DateTimeOffset now)
    {
        var found = string.Create(CultureInfo.InvariantCulture, $"greets; certificate until {shown.Ends.UtcDateTime:yyyy-MM-dd}");
        return shown.Faults switch
        {
            var faults when faults.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) => CheckResult.Failed(check, "greets without a certificate", "give the service a certificate"),
            _ when shown.Ends <= now => CheckResult.Failed(check, found, "it has ended: give the service a new certificate, and see why it was not renewed"),
            var faults when faults.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) => CheckResult.Failed(
                check, $"{found}, for {shown.Names}", $"it is not for {name}: give the service one that is, or the doctor with --name what mail programs use"),
            not SslPolicyErrors.None => CheckResult.Failed(
                check, found, "mail programs refuse it, as no authority known here has signed it: give the service one with its whole chain, or the doctor the authority with --trust"),
            _ when shown.Ends - now < Renewal => CheckResult.Warning(check, found, "it ends within 14 days: see why it is not renewed"),
            _ => CheckResult.Ok(check, found),
        };
    }

    private static CheckResult WhyNot(string check, MailService service, Exception e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
            CheckResult.Failed(check, "no such host", "give with --host a name or an address that this machine finds"),
        SocketException => CheckResult.Failed(check, Output.Plain(e.Message), $"start the service, or open the port in the firewall; --{service.Name} 0 if it is not to be there"),
        NotSupportedException => CheckResult.Failed(check, "no STARTTLS", "give the service a certificate"),
        SslHandshakeException or System.Security.Authentication.AuthenticationException => CheckResult.Failed(
            check, "no TLS", $"see whether another service than {service.Name} has this port; if not, what the service logs"),
        _ => CheckResult.Failed(check, Output.Plain(e.Message).Split('\n')[0], $"see whether another service than {service.Name} has this port; if not, what the service logs"),
    };
}
