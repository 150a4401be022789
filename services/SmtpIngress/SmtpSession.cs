using System.IO.Pipelines;
using System.Net;
using System.Text;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Standing;
using MailCloud.Wire;
using MailCloud.Wire.Tls;

namespace MailCloud.SmtpIngress;

/// <summary>
/// One session: the loop that reads commands and is the only one to write replies. Replies gather until no further complete command has arrived (RFC 2920 §3.2).
/// </summary>
internal sealed class SmtpSession(SmtpServices services, Listener listener, string id, IPEndPoint remote, TimedReader input, ReplyWriter output)
{
    // RFC 4954 §4: lines of an AUTH exchange may have 12,288 octets; commands are held to their own limit.
    private const int MaxAuthLine = 12_288;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly LineReader lines = new(input, MaxAuthLine);
    private AccountSession? login;
    private int errors;

    public SmtpServices Services => services;

    public SmtpOptions Options => services.Options;

    public string Id => id;

    public IPAddress Remote => remote.Address;

    public bool IsSubmission => listener != Listener.Mx;

    public string ListenerName => NameOf(listener);

    /// <summary>As metrics and logs have it.</summary>
    public static string NameOf(Listener listener) => listener switch { Listener.Mx => "mx", Listener.Submission => "submission", _ => "submissions" };

    public TimedReader Input => input;

    /// <summary>The connection after a handshake; null in clear.</summary>
    public TlsConnection? Secured { get; set; }

    public TlsSession? Tls => Secured?.Session;

    /// <summary>What HELO or EHLO gave; null before.</summary>
    public string? ClientName { get; private set; }

    public bool IsExtended { get; private set; }

    /// <summary>The account that authenticated.</summary>
    public AddressRecord? Account { get; private set; }

    public Transaction? Transaction { get; private set; }

    /// <summary>
    /// How long this transaction waits for a directory that does not answer, all its commands together: with a thousand recipients, too, the client has its 451 before it gives up (RFC 5321
    /// §4.5.3.2).
    /// </summary>
    public Patience Patience { get; private set; } = services.Calls.NewPatience();

    public Phase Phase => Transaction switch
    {
        null => ClientName is null ? Phase.Start : Phase.Greeted,
        { Intake: not null } => Phase.Chunks,
        { Recipients.Count: > 0 } => Phase.Rcpt,
        _ => Phase.Mail,
    };

    /// <summary>A password may come in clear only where nobody can listen.</summary>
    public bool IsPrivate => Tls is not null || IPAddress.IsLoopback(Remote);

    public ReadPace Pace => new(Options.DataTimeout, Options.MinDataRate);

    /// <summary>RFC 5321 §4.1.1.1: EHLO and HELO also reset.</summary>
    public async ValueTask GreetedAsync(string name, bool extended)
    {
        await ResetAsync().ConfigureAwait(false);
        (ClientName, IsExtended) = (name, extended);
    }

    /// <summary>The client is this account from now on, until the directory suspends it.</summary>
    public void LogIn(AddressRecord account, AccountSession session) => (Account, login) = (account, session);

    /// <summary>What the directory says of the account by now.</summary>
    public void Refresh(AddressRecord account) => Account = account;

    public void Begin(Transaction transaction) => Transaction = transaction;

    /// <summary>Ends the transaction; what was uploaded without commit is dropped.</summary>
    public async ValueTask ResetAsync()
    {
        if (Transaction is { Intake: { } intake })
        {
            await intake.DisposeAsync().ConfigureAwait(false);
        }

        if (Transaction is not null && Account is not null)
        {
            services.Caps.End(Account, Transaction.Caps);
        }

        (Transaction, Patience) = (null, services.Calls.NewPatience());
    }

    /// <summary>Replies no sooner: what gathered before goes out first.</summary>
    public async ValueTask WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait > TimeSpan.Zero)
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(wait, services.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a reply that asks for more (354, 334) with all that gathered before.</summary>
    public ValueTask AskAsync(SmtpReply reply, CancellationToken cancellationToken)
    {
        reply.WriteTo(output);
        return output.FlushAsync(cancellationToken);
    }

    /// <summary>The client's answer to a 334; null when the line is too long.</summary>
    public async ValueTask<string?> ReadAnswerAsync(CancellationToken cancellationToken) =>
        await lines.ReadAsync(Options.CommandTimeout, cancellationToken).ConfigureAwait(false) switch
        {
            LineStatus.Complete => Encoding.Latin1.GetString(lines.Line.Span),
            LineStatus.TooLong => null,
            _ => throw new EndOfStreamException("the peer closed the connection within AUTH"),
        };

    /// <summary>Runs to the end of the session; the caller then disposes <see cref="Secured"/>.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="stopping">Ends when the process is told to end: no transaction begins any more.</param>
    /// <param name="leaving">Ends when one that runs must not be waited for any longer.</param>
    /// <param name="cancellationToken">Ends when the connection is closed.</param>
    public async Task RunAsync(IDuplexPipe transport, CancellationToken stopping, CancellationToken leaving, CancellationToken cancellationToken)
    {
        try
        {
            var reply = Greet();
            while (true)
            {
                if (reply.Then == Then.StartTls)
                {
                    await UpgradeAsync(transport, reply, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    reply.WriteTo(output);
                }

                if (reply.Then == Then.Close)
                {
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    return;
                }

                var end = Transaction is null ? stopping : leaving;
                end.ThrowIfCancellationRequested();
                if (!lines.TryRead(out var status))
                {
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    status = await ReadCommandAsync(end, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await output.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
                }

                if (status == LineStatus.End)
                {
                    return;
                }

                reply = await AnswerAsync(status, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is PeerTimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // RFC 5321 §3.8: 421 before a server closes on its own.
            var reply = e is PeerTimeoutException ? new SmtpReply(421, "4.4.2", "too slow, closing") : new SmtpReply(421, "4.3.2", "shutting down, closing");
            services.Log.BrokenOff(id, e.Message);
            reply.WriteTo(output);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        finally
        {
            await ResetAsync().ConfigureAwait(false);
            login?.Dispose();
        }
    }

    private SmtpReply Greet()
    {
        // RFC 5321 §4.3.1: the client waits for the greeting. Who does not is a machine that does not listen.
        if (input.TryRead(out var early))
        {
            input.AdvanceTo(early.Buffer.Start, early.Buffer.Start);
            if (!early.Buffer.IsEmpty)
            {
                return new(554, "5.5.0", "you spoke before the greeting") { Then = Then.Close };
            }
        }

        return new(220, null, $"{Options.HostName} ESMTP MailCloud");
    }

    private async ValueTask<LineStatus> ReadCommandAsync(CancellationToken end, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, cancellationToken);
        return await lines.ReadAsync(Options.CommandTimeout, either.Token).ConfigureAwait(false);
    }

    private async ValueTask<SmtpReply> AnswerAsync(LineStatus status, CancellationToken cancellationToken)
    {
        var name = "?";
        if (login is { HasEnded: true })
        {
            return login.IsRevoked ? SmtpReply.Revoked : SmtpReply.Suspended;
        }

        SmtpReply reply;
        try
        {
            if (Account is { } account)
            {
                // Its clients together are served no faster than the tenant's limit says.
                await WaitAsync(services.Standings.TakeTurn(account.Tenant), cancellationToken).ConfigureAwait(false);
            }

            reply = Parse(status, out name, out var args, out var verb) ?? await verb.RunAsync(this, args, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (IOException or OperationCanceledException))
        {
            services.Log.Unforeseen(id, e);
            await ResetAsync().ConfigureAwait(false);
            reply = SmtpReply.TryLater;
        }

        if (!reply.IsRefusal)
        {
            return reply;
        }

        services.Log.Refused(id, name, reply.Code, reply.Enhanced ?? "");
        SmtpTelemetry.Refused.Add(1, new("listener", ListenerName), new("code", reply.Code), new("status", reply.Enhanced));
        if (reply.Code >= 500 && ++errors > Options.MaxErrors)
        {
            return new(421, "4.7.0", "too many errors, closing") { Then = Then.Close };
        }

        return reply;
    }

    /// <summary>The reply to a line that is no command we run now; null when the verb is to run.</summary>
    private SmtpReply? Parse(LineStatus status, out string name, out string args, out Verb verb)
    {
        (name, args, verb) = ("?", "", null!);
        if (status == LineStatus.TooLong || lines.Line.Length + 2 > Options.MaxCommandLine)
        {
            // A long AUTH may carry its initial response (RFC 4954 §4).
            if (status == LineStatus.TooLong || !Ascii.EqualsIgnoreCase(lines.Line.Span[..5], "AUTH "))
            {
                return new(500, "5.5.2", "line is too long");
            }
        }

        if (!TryDecode(lines.Line.Span, out var line))
        {
            return new(500, "5.5.2", "line has octets that no command has");
        }

        var space = line.IndexOf(' ', StringComparison.Ordinal);
        name = space < 0 ? line : line[..space];
        args = space < 0 ? "" : line[(space + 1)..].Trim(' ');
        if (!SmtpVerbs.All.TryGetValue(name, out var found))
        {
            name = "?";
            return new(500, "5.5.2", "unknown command");
        }

        (verb, name) = (found, found.Name);
        return (verb.LegalIn & Phase) == 0 ? SmtpReply.BadSequence : null; // RFC 5321 §4.1.4
    }

    private static bool TryDecode(ReadOnlySpan<byte> octets, out string line)
    {
        line = "";
        if (octets.IndexOfAnyInRange((byte)0, (byte)31) >= 0 || octets.Contains((byte)127))
        {
            return false;
        }

        try
        {
            line = Utf8.GetString(octets);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private async Task UpgradeAsync(IDuplexPipe transport, SmtpReply ready, CancellationToken cancellationToken)
    {
        // RFC 3207 §4.2: what came ahead in clear is forgotten, and so is all that the client told us.
        input.DropBuffered();
        await AskAsync(ready, cancellationToken).ConfigureAwait(false);
        var tls = Secured = await TlsConnection.AcceptAsync(transport, services.Certificates, Options.HandshakeTimeout, services.Time, cancellationToken).ConfigureAwait(false);
        input.Replace(tls.Input);
        output.Replace(tls.Output);
        login?.Dispose();
        (ClientName, IsExtended, Account, login) = (null, false, null, null);
    }
}
