using System.Buffers;
using System.Net;
using System.Text;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Login;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>
/// One client's session. Its loop reads a command, lets the verb make a reply, writes it, and is the only one that turns errors into replies. Invariants:
/// <list type="number">
/// <item>Only the loop writes: what a verb has to say is in its reply, lists and messages too, which are made while they are written.</item>
/// <item>The maildrop is what it was at login; numbers never change.</item>
/// <item>Nothing is removed but by QUIT, in one call of the mailbox with an operation id; +OK is said when that is durable.</item>
/// <item>No grain waits for a client: a message's place is asked for, and then it is read from the blob store at the client's pace.</item>
/// </list>
/// </summary>
internal sealed class Pop3Session : IClientSession
{
    /// <summary>RFC 5034 §4: a line of a SASL exchange, CRLF included.</summary>
    private const int MaxSaslLine = 12_288;

    private readonly ConnectionContext connection;
    private readonly IPEndPoint remote;
    private readonly TimedReader input;
    private readonly ReplyWriter output;
    private readonly LineReader lines;
    private readonly long loginDeadline;
    private TlsConnection? tls;
    private IMailboxGrain? mailbox;
    private MaildropHold? hold;
    private AccountSession? login;
    private CancellationTokenSource? untilSuspended;
    private CancellationToken whileIdle;
    private int badInARow;
    private int loginFailures;

    public Pop3Session(ConnectionContext connection, IPEndPoint remote, TimedReader input, ReplyWriter output, Pop3Services services)
    {
        this.connection = connection;
        this.remote = remote;
        this.input = input;
        this.output = output;
        Services = services;
        lines = new(input, MaxSaslLine);
        loginDeadline = input.DeadlineAfter(services.Options.LoginDeadline);
    }

    public Pop3Services Services { get; }

    public Pop3State State => Maildrop is null ? Pop3State.Authorization : Pop3State.Transaction;

    /// <summary>The name that USER gave, until PASS takes it.</summary>
    public string? User { get; set; }

    public Pop3Language Language { get; set; }

    /// <summary>The client takes UTF-8 in headers (RFC 6856 §2).</summary>
    public bool IsUtf8 { get; set; }

    /// <summary>The messages of this session; null before login.</summary>
    public Maildrop? Maildrop { get; private set; }

    public bool IsTls => tls is not null;

    public bool StlsIsOffered => !IsTls && Services.Certificates.HasCertificate;

    /// <summary>No password in clear but on loopback (RFC 8314 §3.3).</summary>
    public bool PasswordsAllowed => IsTls || IPAddress.IsLoopback(remote.Address);

    public ChannelBindings ChannelBindings => tls is null ? ChannelBindings.None : new(tls.Session.ServerEndPoint, null);

    public LoginAttempt StartLogin() =>
        new(Services.Grains, Services.Calls, Services.Standings, Services.Passwords, Services.Mechanisms, Services.Tokens, Services.Logins, remote.Address, LoginProtocols.Pop);

    /// <summary>What follows from an attempt to log in: TRANSACTION with the maildrop, or why not.</summary>
    public async ValueTask<Pop3Reply> FinishLoginAsync(LoginOutcome outcome, CancellationToken cancellationToken)
    {
        switch (outcome.Verdict)
        {
            case LoginVerdict.LoggedIn:
                return await OpenMaildropAsync(outcome.Account, outcome.Session!, cancellationToken).ConfigureAwait(false);
            case LoginVerdict.Suspended:
                Services.Telemetry.Login("suspended");
                Services.Log.Suspended(connection.ConnectionId, outcome.TriedAccount);
                return Pop3Reply.Error("SYS/PERM", Pop3Text.Suspended) with { Close = IsOneFailureTooMany() };
            case LoginVerdict.NeedsAppPassword:
                Services.Telemetry.Login("incomplete");
                Services.Log.LoginFailed(connection.ConnectionId, remote.ToString(), outcome.TriedAccount);
                return Pop3Reply.Error("AUTH", Pop3Text.NeedsAppPassword) with { Close = IsOneFailureTooMany() };
            case LoginVerdict.NotAnotherUser:
                return Pop3Reply.Error("AUTH", Pop3Text.NotAnotherUser);
            case LoginVerdict.TooManySessions:
                Services.Telemetry.Login("limited");
                Services.Log.TooManySessions(connection.ConnectionId, outcome.TriedAccount);
                return Pop3Reply.Error("SYS/TEMP", Pop3Text.TooManyConnections) with { Close = IsOneFailureTooMany() };
            case LoginVerdict.TryLater:
                // Not the client's fault, and not for long.
                Services.Telemetry.Login("unavailable");
                return Pop3Reply.Error("SYS/TEMP", Pop3Text.TryLater) with { Close = IsOneFailureTooMany() };
            default:
                Services.Telemetry.Login("failed");
                Services.Log.LoginFailed(connection.ConnectionId, remote.ToString(), outcome.TriedAccount);
                return Pop3Reply.Error("AUTH", Pop3Text.WrongCredentials) with { Close = IsOneFailureTooMany() };
        }
    }

    /// <summary>A continuation request, and the line that answers it, which is valid until the next read.</summary>
    /// <exception cref="EndOfStreamException">The client has gone.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> AskAsync(string text, CancellationToken cancellationToken)
    {
        output.Write($"+ {text}\r\n");
        return await ReadLineAsync(cancellationToken, cancellationToken).ConfigureAwait(false) switch
        {
            LineStatus.Complete => lines.Line,
            LineStatus.TooLong => throw new Pop3SyntaxException(Pop3Text.LineTooLong),
            _ => throw new EndOfStreamException("the client closed the connection within an exchange"),
        };
    }

    /// <summary>A message with its content; null when another client has removed it since login.</summary>
    /// <exception cref="GrainUnavailableException">The mailbox did not answer.</exception>
    public async ValueTask<FetchedMessage?> FindMessageAsync(int number, CancellationToken cancellationToken)
    {
        var uid = Maildrop!.Uid(number);
        var request = new FetchRequest { FolderId = Maildrop.FolderId, Uids = [new(uid, uid)], WithContent = true };
        var page = await Services.Calls.CallAsync(() => mailbox!.FetchAsync(request), cancellationToken).ConfigureAwait(false);
        return page.Messages.Count == 0 ? null : page.Messages[0];
    }

    /// <summary>Removes what is marked as deleted, all or nothing, and gives the maildrop back (RFC 1939 §6).</summary>
    /// <exception cref="GrainUnavailableException">The mailbox did not answer; when the last answer was lost, it was done all the same.</exception>
    public async ValueTask<MaildropOutcome> UpdateMaildropAsync(CancellationToken cancellationToken)
    {
        var uids = Maildrop!.DeletedUids();
        if (uids.Length == 0)
        {
            return MaildropOutcome.Done;
        }

        await hold!.StopAsync().ConfigureAwait(false);
        var update = new MaildropUpdate { Operation = Guid.NewGuid(), Session = hold.Session, FolderId = Maildrop.FolderId, Uids = uids };
        var outcome = await Services.Calls.CallAsync(() => mailbox!.UpdateMaildropAsync(update), cancellationToken).ConfigureAwait(false);
        if (outcome == MaildropOutcome.Done)
        {
            hold.UseUp();
            Services.Telemetry.Removed(Maildrop.Last - Maildrop.Left);
        }

        return outcome;
    }

    /// <summary>QUIT when the mailbox does not answer: the connection ends, and so does the hold on the maildrop.</summary>
    public Pop3Reply RefuseUpdate(GrainUnavailableException error)
    {
        Services.Log.Unavailable(connection.ConnectionId, "QUIT", error);
        return Pop3Reply.Error("SYS/TEMP", Pop3Text.TryLater);
    }

    /// <summary>Gives the maildrop back: the client's next session may begin as soon as this one has said goodbye.</summary>
    public async ValueTask LeaveMaildropAsync()
    {
        if (hold is not null)
        {
            await hold.DisposeAsync().ConfigureAwait(false);
            hold = null;
        }
    }

    /// <summary>
    /// The TLS handshake (RFC 2595 §4). What the client sent ahead in clear was dropped, since somebody in between could have injected it, and nothing that it said before counts.
    /// </summary>
    public async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        tls = await TlsConnection.AcceptAsync(connection.Transport, Services.Certificates, Services.Options.LoginTimeout, Services.Time, cancellationToken)
            .ConfigureAwait(false);
        input.Replace(tls.Input);
        output.Replace(tls.Output);
        (User, IsUtf8, Language) = (null, false, Pop3Language.English);
    }

    public void DropPlaintext() => input.DropBuffered();

    public async Task RunAsync(CancellationToken leaving, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(leaving, cancellationToken);
        whileIdle = waiting.Token;
        WriteHead(Pop3Reply.Ok(Pop3Text.Greeting));
        try
        {
            while (await RunNextAsync(cancellationToken).ConfigureAwait(false))
            {
            }
        }
        catch (OperationCanceledException) when (login is { HasEnded: true } && !cancellationToken.IsCancellationRequested)
        {
            // What is marked as deleted stays. RFC 3206 §4: a person must act.
            WriteHead(login.IsRevoked ? Pop3Reply.Error("AUTH", Pop3Text.Revoked) : Pop3Reply.Error("SYS/PERM", Pop3Text.Suspended));
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // As Dovecot's: whatever the client says next has this answer.
            WriteHead(Pop3Reply.Error("SYS/TEMP", Pop3Text.ShuttingDown));
        }

        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveMaildropAsync().ConfigureAwait(false);
        login?.Dispose();
        untilSuspended?.Dispose();
        if (tls is not null)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
        }
    }

    private bool IsOneFailureTooMany() => ++loginFailures >= Services.Options.MaxLoginFailures;

    private TimeSpan Limit => Maildrop is not null ? Services.Options.InactivityTimeout
        : UntilLoginDeadline < Services.Options.LoginTimeout ? UntilLoginDeadline : Services.Options.LoginTimeout;

    private TimeSpan UntilLoginDeadline => input.Until(loginDeadline);

    private async ValueTask<Pop3Reply> OpenMaildropAsync(AccountId account, AccountSession session, CancellationToken cancellationToken)
    {
        login = session;
        mailbox = Services.Grains.GetGrain<IMailboxGrain>(account.Value);
        var holder = Guid.NewGuid();
        hold = new(holder, account, connection.ConnectionId, mailbox, Services);
        try
        {
            var (page, uids, sizes) = await ReadMaildropAsync(holder, cancellationToken).ConfigureAwait(false);
            switch (page.Outcome)
            {
                case MaildropOutcome.InUse:
                    Services.Telemetry.Login("in-use");
                    return Pop3Reply.Error("IN-USE", Pop3Text.InUse);
                case MaildropOutcome.NoSuchMailbox:
                    return Pop3Reply.Error("SYS/PERM", Pop3Text.NoMailbox);
            }

            Maildrop = new(page.FolderId, page.UidValidity, uids, sizes);
            hold.Start();
            untilSuspended = CancellationTokenSource.CreateLinkedTokenSource(whileIdle, session.Ended);
            whileIdle = untilSuspended.Token;
        }
        finally
        {
            if (Maildrop is null)
            {
                session.Dispose();
                login = null;
                await LeaveMaildropAsync().ConfigureAwait(false);
            }
        }

        Services.Telemetry.Login("ok");
        Services.Log.LoggedIn(connection.ConnectionId, account.Value);
        return Pop3Reply.Ok(Pop3Text.LoggedIn, Maildrop.Left, Maildrop.OctetsLeft);
    }

    private async ValueTask<(MaildropPage Last, uint[] Uids, long[] Sizes)> ReadMaildropAsync(Guid session, CancellationToken cancellationToken)
    {
        var (uids, sizes) = (new List<uint>(), new List<long>());
        MaildropPage page;
        var from = 1u;
        do
        {
            var request = new MaildropRequest { Session = session, FromUid = from };
            page = await Services.Calls.CallAsync(() => mailbox!.OpenMaildropAsync(request), cancellationToken).ConfigureAwait(false);
            uids.AddRange(page.Uids.SelectMany(UidRanges.Each));
            sizes.AddRange(page.Sizes);
            from = page.NextUid;
        }
        while (from != 0);
        return (page, [.. uids], [.. sizes]);
    }

    private async ValueTask<LineStatus> ReadLineAsync(CancellationToken waiting, CancellationToken cancellationToken)
    {
        if (lines.TryRead(out var status))
        {
            return status;
        }

        // RFC 2449 §6.6: replies to pipelined commands go out together.
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await lines.ReadAsync(Limit, waiting).ConfigureAwait(false);
    }

    // False: the session is over.
    private async ValueTask<bool> RunNextAsync(CancellationToken cancellationToken)
    {
        whileIdle.ThrowIfCancellationRequested();

        // Commands that are there already are read without a look at the clock.
        if (Maildrop is null && UntilLoginDeadline <= TimeSpan.Zero)
        {
            throw new PeerTimeoutException("the client has not logged in");
        }

        switch (await ReadLineAsync(whileIdle, cancellationToken).ConfigureAwait(false))
        {
            case LineStatus.End:
                return false;
            case LineStatus.TooLong:
                return await FinishAsync(Pop3Reply.Bad(Pop3Text.LineTooLong), cancellationToken).ConfigureAwait(false);
            default:
                await WaitForTurnAsync(cancellationToken).ConfigureAwait(false);
                return await RunAsync(lines.Line, cancellationToken).ConfigureAwait(false);
        }
    }

    // Its clients together are served no faster than the tenant's limit says.
    private async ValueTask WaitForTurnAsync(CancellationToken cancellationToken)
    {
        if (login is { } of && Services.Standings.TakeTurn(of.Account.Tenant) is { Ticks: > 0 } wait)
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(wait, Services.Time, whileIdle).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> RunAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        var started = Services.Time.GetTimestamp();
        var length = line.Span.IndexOf((byte)' ');
        var name = length < 0 ? line : line[..length];
        var verb = Pop3Verbs.All.GetValueOrDefault(Encoding.Latin1.GetString(name.Span));
        var isTooLong = line.Length + 2 > Services.Options.MaxCommandLength && verb?.Name != "AUTH";
        var reply = isTooLong ? Pop3Reply.Bad(Pop3Text.LineTooLong) : await RunVerbAsync(verb, line[name.Length..], cancellationToken).ConfigureAwait(false);
        var goesOn = await FinishAsync(reply, cancellationToken).ConfigureAwait(false);
        Services.Telemetry.Command(verb?.Name ?? "unknown", reply.IsOk ? "ok" : "err", Services.Time.GetElapsedTime(started));
        return goesOn;
    }

    // The one place where errors become replies.
    private async ValueTask<Pop3Reply> RunVerbAsync(Verb? verb, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        if (verb is null)
        {
            return Pop3Reply.Bad(Pop3Text.UnknownCommand);
        }

        if ((verb.LegalIn & State) == 0)
        {
            return Pop3Reply.Bad(Pop3Text.NotNow, verb.Name);
        }

        try
        {
            return await verb.RunAsync(this, arguments, cancellationToken).ConfigureAwait(false);
        }
        catch (Pop3SyntaxException e)
        {
            return Pop3Reply.Bad(e.Text);
        }
        catch (GrainUnavailableException e)
        {
            Services.Log.Unavailable(connection.ConnectionId, verb.Name, e);
            return Pop3Reply.Error("SYS/TEMP", Pop3Text.TryLater);
        }
        catch (Exception e) when (e is BlobMissingException or MessageBrokenException)
        {
            Services.Log.CommandFailed(connection.ConnectionId, verb.Name, e);
            return Pop3Reply.Error("SYS/PERM", Pop3Text.Unreadable);
        }
        catch (Exception e) when (e is not (PeerTimeoutException or EndOfStreamException or EndlessLineException or OperationCanceledException or ConnectionResetException))
        {
            // A store that fails does so for a while.
            Services.Log.CommandFailed(connection.ConnectionId, verb.Name, e);
            return Pop3Reply.Error("SYS/TEMP", Pop3Text.InternalError);
        }
    }

    // Writes a reply and does what comes after it. False: the session is over.
    private async ValueTask<bool> FinishAsync(Pop3Reply reply, CancellationToken cancellationToken)
    {
        badInARow = reply.IsBad ? badInARow + 1 : 0;
        if (badInARow >= Services.Options.MaxBadCommands)
        {
            WriteHead(Pop3Reply.Error(null, Pop3Text.TooManyBad));
            return false;
        }

        WriteHead(reply);
        if (reply.Lines is { } following)
        {
            await WriteLinesAsync(following, cancellationToken).ConfigureAwait(false);
        }

        if (reply.Message is { } message)
        {
            await using (message.ConfigureAwait(false))
            {
                await WriteMessageAsync(message, cancellationToken).ConfigureAwait(false);
            }
        }

        // Who pipelines commands without end and takes no reply waits here.
        await output.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        if (reply.Then is { } then)
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await then(cancellationToken).ConfigureAwait(false);
        }

        return !reply.Close;
    }

    private void WriteHead(Pop3Reply reply)
    {
        var text = reply.Text.In(Language, reply.Arguments);
        var code = reply.Code is null ? "" : $"[{reply.Code}] ";
        output.Write($"{(reply.IsOk ? "+OK" : "-ERR")} {code}{text}\r\n");
    }

    private async ValueTask WriteLinesAsync(IEnumerable<string> following, CancellationToken cancellationToken)
    {
        // None of them begins with a dot.
        foreach (var line in following)
        {
            output.Write(line);
            output.Write("\r\n"u8);
            await output.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }

        output.Write(".\r\n"u8);
    }

    private async ValueTask WriteMessageAsync(Stream message, CancellationToken cancellationToken)
    {
        var dots = new DotWriter(output);
        var block = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await ReadAsync(message, block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                dots.Write(block.AsSpan(0, read));
                await output.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        dots.End();
    }

    // A store that fails within a message leaves nothing that could be said to the client.
    private static async ValueTask<int> ReadAsync(Stream message, Memory<byte> block, CancellationToken cancellationToken)
    {
        try
        {
            return await message.ReadAsync(block, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (MessageBrokenException or OperationCanceledException))
        {
            throw new MessageBrokenException(e);
        }
    }
}
