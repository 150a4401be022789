using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MailCloud.MailboxContracts;
using MailCloud.OutboundRelay.Routing;
using Microsoft.Extensions.Options;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Finds the first host of a route that gives a session: connected, greeted, secured as far as is demanded, logged in.</summary>
internal sealed class SmtpConnector(IOptions<SmtpClientOptions> options, TimeProvider time, ILogger<SmtpConnector> log)
{
    private readonly SmtpClientOptions options = options.Value;
    private readonly Lazy<X509Certificate2Collection?> authorities = new(() =>
        options.Value.AuthoritiesFile is { Length: > 0 } file ? SmtpClientOptions.LoadAuthorities(file) : null);

    /// <summary>Tries the addresses of a route in their order (RFC 5321 §5.1). It throws only when it is cancelled.</summary>
    /// <param name="route">Where to.</param>
    /// <param name="requireTls">
    /// The message has REQUIRETLS, and a sender: only a host that proves who it is and offers REQUIRETLS will do (RFC 8689 §4.2.1). A message from <c>&lt;&gt;</c> does not ask
    /// for it, as it must not be lost for that (§5).
    /// </param>
    /// <param name="tlsOptional">The message says <c>TLS-Required: No</c>: what DANE or MTA-STS demand is tried and need not succeed (RFC 8689 §4.2.2). What the route's own configuration demands holds.</param>
    public async Task<ConnectResult> ConnectAsync(Route route, bool requireTls, bool tlsOptional, CancellationToken cancellationToken)
    {
        var failures = new List<NoSessionException>();
        var addresses = route.Hosts.SelectMany(h => h.Addresses.Select(a => (Host: h, Address: a))).ToList();
        using var limit = new CancellationTokenSource(options.OpenTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        foreach (var (host, address) in addresses.Take(options.MaxAddresses))
        {
            try
            {
                var demand = Demand(host, requireTls, tlsOptional);
                return new ConnectResult.Connected(await OpenAsync(new(host, address, demand, requireTls, route.Login), either.Token).ConfigureAwait(false));
            }
            catch (NoSessionException e)
            {
                Failed(e);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Failed(new(NoSession.Broken, false, "4.4.2", $"451 4.4.2 {host.Name}[{address}]: no session within the time for all addresses"));
            }

            if (limit.IsCancellationRequested)
            {
                break;
            }

            void Failed(NoSessionException e)
            {
                log.NoSession(host.Name, address, e.Message);
                failures.Add(e);
            }
        }

        return NotConnected(failures, triedAll: failures.Count == addresses.Count);
    }

    /// <summary>What TLS must give for this message.</summary>
    private static HostTls Demand(MailHost host, bool requireTls, bool tlsOptional)
    {
        if (requireTls && host.Tls.Level < TlsLevel.Verified)
        {
            // RFC 8689 §4.2.1, step 2: an MX record that neither DNSSEC nor MTA-STS vouches for may name anybody, whose certificate would be in order.
            return host.Tls.Source == HostTls.Opportunistic.Source
                ? throw new NoSessionException(NoSession.Tls, true, "5.7.10", $"550 5.7.10 REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the name of {host.Name}")
                : host.Tls with { Level = TlsLevel.Verified, Names = [host.Name] };
        }

        return tlsOptional && !requireTls && host.Tls.Source is "dane" or "mta-sts" ? HostTls.Opportunistic : host.Tls;
    }

    /// <summary>Permanent only when all that there is said so (RFC 5321 §3.8, RFC 7504 §4: another host may accept what one refuses for ever).</summary>
    private static ConnectResult.NotConnected NotConnected(List<NoSessionException> failures, bool triedAll)
    {
        // A host that accepts connections and then breaks off, or lets us wait, is no better than one that does not.
        var verdict = failures.TrueForAll(f => f.Kind <= NoSession.Broken) ? ConnectionVerdict.Unreachable
            : failures.Any(f => f.IsTooMuch) ? ConnectionVerdict.TooMuch
            : ConnectionVerdict.Fine;
        if (triedAll && failures.TrueForAll(f => f.IsPermanent))
        {
            return new(failures[0].Outcome, verdict);
        }

        return new((failures.Where(f => !f.IsPermanent).MaxBy(f => f.Kind) ?? failures[0]).Deferred, verdict);
    }

    private async Task<SmtpClientSession> OpenAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenOnceAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (HandshakeFailedException e) when (attempt.Tls.Level == TlsLevel.Opportunistic && !attempt.Host.ImplicitTls && attempt.Login is null)
        {
            // RFC 7435 §3: some protection where there can be some, and mail where there cannot. On the same connection nothing can be said in clear any more.
            log.FallsBack(attempt.Host.Name, attempt.Address, e.Message);
            return await OpenOnceAsync(attempt with { InClear = true }, cancellationToken).ConfigureAwait(false);
        }
        catch (HandshakeFailedException e)
        {
            throw e.Failure;
        }
    }

    private async Task<SmtpClientSession> OpenOnceAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        var channel = await DialAsync(attempt, cancellationToken).ConfigureAwait(false);
        try
        {
            var (capabilities, tls) = await NegotiateAsync(channel, attempt, cancellationToken).ConfigureAwait(false);
            log.Opened(attempt.Host.Name, attempt.Address, tls?.ToString() ?? "in clear");
            return new(channel, attempt.Host, attempt.Address, capabilities, tls, options, time, log);
        }
        catch (HandshakeFailedException)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (NoSessionException)
        {
            // RFC 8689 §4.2.1 and RFC 5321 §4.1.1.10: no leaving without QUIT, also from a host that greeted with 554 (§3.1).
            await channel.QuitAsync(options.QuitTimeout, cancellationToken).ConfigureAwait(false);
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (IOException e)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw new NoSessionException(NoSession.Broken, false, "4.4.2", $"451 4.4.2 {attempt.Named}: {e.Message}");
        }
        catch
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<SmtpChannel> DialAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await SmtpChannel.ConnectAsync(new IPEndPoint(attempt.Address, attempt.Host.Port), options, time, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new NoSessionException(NoSession.Unreachable, false, "4.4.1", $"451 4.4.1 connect to {attempt.Named}: {e.Message}");
        }
    }

    private async Task<(Capabilities Capabilities, NegotiatedTls? Tls)> NegotiateAsync(SmtpChannel channel, Attempt attempt, CancellationToken cancellationToken)
    {
        var tls = attempt.Host.ImplicitTls ? await SecureAsync(channel, attempt, cancellationToken).ConfigureAwait(false) : null;
        Expect(await channel.ReadReplyAsync(options.GreetingTimeout, cancellationToken).ConfigureAwait(false), attempt);
        var capabilities = await HelloAsync(channel, attempt, cancellationToken).ConfigureAwait(false);
        if (tls is null && !attempt.InClear && await StartTlsAsync(channel, capabilities, attempt, cancellationToken).ConfigureAwait(false))
        {
            // RFC 3207 §4.2: what was announced in clear is forgotten.
            tls = await SecureAsync(channel, attempt, cancellationToken).ConfigureAwait(false);
            capabilities = await HelloAsync(channel, attempt, cancellationToken).ConfigureAwait(false);
        }

        if (attempt.RequireTls && !capabilities.RequireTls)
        {
            throw new NoSessionException(NoSession.Tls, true, "5.7.30", $"550 5.7.30 REQUIRETLS support required, and {attempt.Named} does not offer it");
        }

        if (attempt.Login is not null)
        {
            await Login.RunAsync(channel, attempt, capabilities, options.HelloTimeout, log, cancellationToken).ConfigureAwait(false);
        }

        return (capabilities, tls);
    }

    private async Task<Capabilities> HelloAsync(SmtpChannel channel, Attempt attempt, CancellationToken cancellationToken)
    {
        var reply = await channel.AskAsync($"EHLO {options.HostName}", options.HelloTimeout, cancellationToken).ConfigureAwait(false);
        if (reply.Class != 5)
        {
            Expect(reply, attempt);
            return Capabilities.Parse(reply.Lines);
        }

        // RFC 5321 §3.2: a host that does not know EHLO is asked as in 1982.
        Expect(await channel.AskAsync($"HELO {options.HostName}", options.HelloTimeout, cancellationToken).ConfigureAwait(false), attempt);
        return Capabilities.None;
    }

    /// <summary>True when the handshake is to follow; false when the session goes on in clear, as it may.</summary>
    private async Task<bool> StartTlsAsync(SmtpChannel channel, Capabilities capabilities, Attempt attempt, CancellationToken cancellationToken)
    {
        var why = "is not offered";
        if (capabilities.StartTls)
        {
            var reply = await channel.AskAsync("STARTTLS", options.HelloTimeout, cancellationToken).ConfigureAwait(false);
            if (reply.Code == 220)
            {
                return true;
            }

            if (reply.Code == 421)
            {
                Expect(reply, attempt);
            }

            why = $"was refused: {reply}";
        }

        return attempt.Tls.Level == TlsLevel.Opportunistic
            ? false
            : throw attempt.TlsFailure("4.7.4", $"TLS is required ({attempt.Tls.Source}) and {why} by {attempt.Named}");
    }

    private async Task<NegotiatedTls> SecureAsync(SmtpChannel channel, Attempt attempt, CancellationToken cancellationToken)
    {
        var check = new CertificateCheck(attempt.Tls);
        try
        {
            await channel.SecureAsync(Handshake(ServerName(attempt), check), options.HandshakeTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (AuthenticationException) when (check.Complaint is not null)
        {
            throw attempt.TlsFailure("4.7.5", $"{attempt.Named}: {check.Complaint} ({attempt.Tls.Source})");
        }
        catch (AuthenticationException e)
        {
            throw new HandshakeFailedException(attempt.TlsFailure("4.7.5", $"{attempt.Named}: the TLS handshake failed: {e.Message}"));
        }

        var (protocol, cipherSuite) = channel.Negotiated!.Value;
        return new(protocol, cipherSuite, check.Proof);
    }

    /// <summary>SNI: the TLSA base domain (RFC 7672 §3.2.1), else the host's name (RFC 8461 §4.3). An address literal has none.</summary>
    private static string ServerName(Attempt attempt)
    {
        var name = attempt.Tls is { Level: TlsLevel.Dane, Names: [var baseDomain, ..] } ? baseDomain : attempt.Host.Name;
        return name.StartsWith('[') || IPAddress.TryParse(name, out _) ? "" : name;
    }

    private SslClientAuthenticationOptions Handshake(string serverName, CertificateCheck check) => new()
    {
        TargetHost = serverName,

        // RFC 8996: nothing below TLS 1.2. Which of the two is agreed is theirs to say.
#pragma warning disable CA5398
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        RemoteCertificateValidationCallback = check.Accept,
        CertificateChainPolicy = CertificateCheck.Policy(authorities.Value),
        AllowRenegotiation = false,

        // Each connection shows its certificate, and no session of one with lesser demands is taken up.
        AllowTlsResume = false,
    };

    /// <summary>Goes on after 2xx.</summary>
    private static void Expect(RemoteReply reply, Attempt attempt)
    {
        switch (reply.Class)
        {
            case 2:
                return;
            case 4 or 5:
                throw new NoSessionException(NoSession.Refused, reply.Class == 5, reply.Status, reply.ToString(), attempt.Host.Name);
            default:
                throw new NotSmtpException($"{reply.Code} is no reply to a greeting");
        }
    }
}
