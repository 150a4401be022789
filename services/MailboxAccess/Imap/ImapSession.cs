using System.Net;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Imap.Terminals;
using MailCloud.MailboxAccess.Login;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// One client's session. Its loop reads a command, lends the writer to the verb for untagged responses, adds what other sessions have changed
/// and the tagged response, and is the only one that turns errors into responses. Invariants:
/// <list type="number">
/// <item>Commands run one after the other (RFC 3501 §5.5), and only what runs now writes: the loop, or the verb to which it lent the writer.</item>
/// <item>The selected folder's view is changed by this session alone, from answers of the mailbox; a notice only says that it is time to ask.</item>
/// <item>No grain waits for a client: an answer is complete before the first octet of it is written, and a page is asked for when the last one was taken.</item>
/// <item>What a client is told of was durable before; what it is not told of yet, the next answer repeats (the view's modseq).</item>
/// <item>A call that changes something carries an operation id and is repeated with it, so that a mailbox which moves is noticed by nobody.</item>
/// </list>
/// </summary>
internal sealed class ImapSession : IClientSession
{
    private readonly ConnectionContext connection;
    private readonly IPEndPoint remote;
    private readonly TimedReader input;
    private readonly ReplyWriter output;
    private readonly ImapCommandReader commands;
    private readonly long loginDeadline;
    private TlsConnection? tls;
    private DeflateConnection? deflate;
    private IMailboxGrain? mailboxGrain;
    private Terminal? terminal;
    private int badInARow;
    private int loginFailures;
    private IDisposable? place;
    private AccountSession? login;
    private CancellationTokenSource? untilSuspended;

    public ImapSession(ConnectionContext connection, IPEndPoint remote, TimedReader input, ReplyWriter output, ImapServices services)
    {
        this.connection = connection;
        this.remote = remote;
        this.input = input;
        this.output = output;
        Services = services;
        Writer = new(output);
        loginDeadline = input.DeadlineAfter(services.Options.LoginDeadline);
        commands = new(input, Writer, services.Options);
    }

    public ImapServices Services { get; }

    public ImapWriter Writer { get; }

    public ImapState State => Account is null ? ImapState.NotAuthenticated : Selected is null ? ImapState.Authenticated : ImapState.Selected;

    /// <summary>The tag of the command that is running, which ESEARCH repeats.</summary>
    public string Tag { get; private set; } = "";

    public AccountId? Account { get; private set; }

    public SelectedFolder? Selected { get; set; }

    /// <summary>For waits that the end of the process ends, and that of the account: for a command, and within IDLE.</summary>
    public CancellationToken WhileIdle { get; private set; }

    /// <summary>What the client has asked for by ENABLE, or by a command that implies it.</summary>
    public ImapExtensions Enabled { get; private set; }

    public bool IsTls => tls is not null;

    public bool IsCompressed => deflate is not null;

    /// <summary>No password in clear but on loopback (RFC 8314 §3.3).</summary>
    public bool PasswordsAllowed => IsTls || IPAddress.IsLoopback(remote.Address);

    public ChannelBindings ChannelBindings => tls is null ? ChannelBindings.None : new(tls.Session.ServerEndPoint, null);

    /// <summary>A call of the account's mailbox, repeated when it fails; what it changes carries an operation id.</summary>
    public ValueTask<T> CallMailboxAsync<T>(Func<IMailboxGrain, Task<T>> call, CancellationToken cancellationToken)
    {
        // Kept: making a reference looks up the interface's attributes each time, about a twentieth of a command's CPU.
        mailboxGrain ??= Services.Grains.GetGrain<IMailboxGrain>(Account!.Value.Value);
        var mailbox = mailboxGrain;
        return Services.Calls.CallAsync(() => call(mailbox), cancellationToken);
    }

    public LoginAttempt StartLogin() =>
        new(Services.Grains, Services.Calls, Services.Standings, Services.Passwords, Services.Mechanisms, Services.Tokens, Services.Logins, remote.Address, LoginProtocols.Imap);

    /// <summary>What follows from an attempt to log in. Wrong credentials have one answer, whatever was wrong with them (RFC 5530 §3).</summary>
    public ImapReply FinishLogin(LoginOutcome outcome)
    {
        switch (outcome.Verdict)
        {
            case LoginVerdict.LoggedIn:
                return LogIn(outcome.Account, outcome.Session!);
            case LoginVerdict.NotAnotherUser:
                return ImapReply.No("Nobody may act as another user", "AUTHORIZATIONFAILED");
            case LoginVerdict.Suspended:
                Services.Telemetry.Login("suspended");
                Services.Log.Suspended(connection.ConnectionId, outcome.TriedAccount);
                return ImapReply.No("This account is suspended", "CONTACTADMIN") with { Close = IsOneFailureTooMany() };
            case LoginVerdict.NeedsAppPassword:
                Services.Telemetry.Login("incomplete");
                Services.Log.LoginFailed(connection.ConnectionId, remote.ToString(), outcome.TriedAccount);
                return ImapReply.No("This account has a second factor, use an app password", "AUTHENTICATIONFAILED") with { Close = IsOneFailureTooMany() };
            case LoginVerdict.TooManySessions:
                Services.Telemetry.Login("limited");
                Services.Log.TooManySessions(connection.ConnectionId, outcome.TriedAccount);
                return ImapReply.No("Your organisation has too many sessions", "LIMIT") with { Close = IsOneFailureTooMany() };
            case LoginVerdict.TryLater:
                Services.Telemetry.Login("unavailable");
                return ImapReply.No("Nothing could be checked at this moment, try again later", "UNAVAILABLE") with { Close = IsOneFailureTooMany() };
            default:
                Services.Telemetry.Login("failed");
                Services.Log.LoginFailed(connection.ConnectionId, remote.ToString(), outcome.TriedAccount);
                return ImapReply.No("Wrong user name or password", "AUTHENTICATIONFAILED") with { Close = IsOneFailureTooMany() };
        }
    }

    /// <summary>A continuation request, and the line that answers it, which is valid until the next read.</summary>
    public ValueTask<ReadOnlyMemory<byte>> AskAsync(string text, CancellationToken cancellationToken)
    {
        Writer.Line("+ " + text);
        return ReadAnswerAsync(cancellationToken);
    }

    /// <summary>The line that answers a continuation request; valid until the next read.</summary>
    /// <exception cref="EndOfStreamException">The client has gone.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAnswerAsync(CancellationToken cancellationToken) =>
        await commands.ReadLineAsync(Limit, cancellationToken).ConfigureAwait(false) switch
        {
            CommandStatus.Complete => commands.Octets,
            CommandStatus.LineTooLong => throw new ImapSyntaxException("Line too long"),
            _ => throw new EndOfStreamException("the client closed the connection within an exchange"),
        };

    /// <summary>Asks for the literal that the command stops at (APPEND's message) if need be, and hands its octets to the sink. Returns the line after it, which may announce the next; valid until the next read.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadLiteralAsync(PieceSink sink, CancellationToken cancellationToken) =>
        await commands.ReadPendingAsync(sink, Limit, cancellationToken).ConfigureAwait(false) switch
        {
            CommandStatus.Complete => commands.Octets,
            CommandStatus.LineTooLong => throw new ImapSyntaxException("Line too long"),
            _ => throw new EndOfStreamException("the client closed the connection within a command"),
        };

    /// <summary>The TLS handshake; what the client sent ahead in clear is dropped (RFC 3501 §11.3: nothing in clear may run inside).</summary>
    public async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        tls = await TlsConnection.AcceptAsync(connection.Transport, Services.Certificates, Services.Options.LoginTimeout, Services.Time, cancellationToken)
            .ConfigureAwait(false);
        input.Replace(tls.Input);
        output.Replace(tls.Output);
    }

    public void DropPlaintext() => input.DropBuffered();

    /// <summary>Whether the client has sent more than the commands that were read.</summary>
    public bool HasMoreInput => input.HasBuffered();

    /// <summary>From the next octet on both directions are deflated, inside TLS if there is TLS.</summary>
    public void Compress()
    {
        deflate = new(tls ?? connection.Transport, Services.Time);
        input.Replace(deflate.Input);
        output.Replace(deflate.Output);
    }

    /// <summary>Tells what changed in the selected folder since the client last heard (RFC 3501 §5.2).</summary>
    public async ValueTask TellChangesAsync(bool mayExpunge, CancellationToken cancellationToken)
    {
        if (Selected is not { } folder)
        {
            return;
        }

        var ask = folder.Ask();
        var changes = await CallMailboxAsync(mailbox => mailbox.GetChangesAsync(ask), cancellationToken).ConfigureAwait(false) ?? throw new FolderGoneException();
        await folder.WriteAsync(Writer, changes, mayExpunge, Enabled, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends when there is a notice for <see cref="TellNoticesAsync"/>; after login.</summary>
    public Task NextNotice => terminal!.Next;

    /// <summary>Sends the client what was sent to the account's terminals (RFC 821 §3.4); it is settled when the connection has taken it.</summary>
    public async ValueTask TellNoticesAsync(CancellationToken cancellationToken)
    {
        if (terminal is null || !terminal.TryTake(out var notices, out var dropped))
        {
            return;
        }

        var shown = false;
        try
        {
            if (dropped > 0)
            {
                Writer.Line($"* OK [ALERT] {dropped} older messages to you were not shown here");
            }

            foreach (var notice in notices)
            {
                Writer.Raw(notice.Response);
            }

            await Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            shown = true;
        }
        finally
        {
            foreach (var notice in notices)
            {
                notice.Settle(shown);
            }
        }
    }

    /// <summary>
    /// Goes on with an extension. What enables CONDSTORE while a mailbox is selected tells from which modseq on the client sees all (RFC 7162 §3.1.2.1).
    /// </summary>
    public void Enable(ImapExtensions extension)
    {
        var before = Enabled;
        Enabled |= extension;
        if (Selected is { } folder && !before.HasFlag(ImapExtensions.CondStore))
        {
            folder.WriteHighestModSeq(Writer);
        }
    }

    public async Task RunAsync(CancellationToken leaving, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(leaving, cancellationToken);
        WhileIdle = waiting.Token;
        Writer.Line($"* OK [{Commands.Any.Capability.Write(this)}] MailCloud IMAP");
        try
        {
            while (await RunNextAsync(cancellationToken).ConfigureAwait(false))
            {
            }
        }
        catch (PeerTimeoutException)
        {
            Writer.Line("* BYE Inactive for too long");
        }
        catch (OperationCanceledException) when (login is { HasEnded: true } && !cancellationToken.IsCancellationRequested)
        {
            // RFC 5530 §3: the person is to ask an administrator, and the client not to ask for a password.
            Writer.Line(login.IsRevoked ? "* BYE This app password was revoked" : "* BYE [CONTACTADMIN] This account is suspended");
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // RFC 3501 §7.1.5.
            Writer.Line("* BYE The server shuts down, connect again");
        }

        await Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        place?.Dispose();
        login?.Dispose();
        untilSuspended?.Dispose();
        if (terminal is not null)
        {
            Services.LiveSessions.Leave(terminal);
        }

        if (deflate is not null)
        {
            await deflate.DisposeAsync().ConfigureAwait(false);
        }

        if (tls is not null)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ImapReply LogIn(AccountId account, AccountSession session)
    {
        login = session;
        // As Dovecot's mail_max_userip_connections: a client that opens one connection after the other ends up here, and not everybody else.
        if (!Services.Entrance.IsUnlimited(remote))
        {
            place = Services.AccountPlaces.TryEnter($"{account.Value} {SessionPlaces.NetworkOf(remote.Address)}");
            if (place is null)
            {
                Services.Telemetry.Login("limited");
                Services.Log.TooManySessions(connection.ConnectionId, account.Value);
                login.Dispose();
                login = null;
                return ImapReply.No("Too many sessions of this account from your network", "LIMIT") with { Close = IsOneFailureTooMany() };
            }
        }

        Account = account;
        terminal = Services.LiveSessions.Enter(account);
        untilSuspended = CancellationTokenSource.CreateLinkedTokenSource(WhileIdle, session.Ended);
        WhileIdle = untilSuspended.Token;
        Services.Telemetry.Login("ok");
        Services.Log.LoggedIn(connection.ConnectionId, account.Value);
        return ImapReply.Ok("Logged in", Commands.Any.Capability.Write(this));
    }

    private bool IsOneFailureTooMany() => ++loginFailures >= Services.Options.MaxLoginFailures;

    // Before login nobody makes us read a message.
    private long MaxDiscarded => Account is null ? Services.Options.MaxDiscardedLiteral : Services.Options.MaxDiscardedAppend;

    private TimeSpan Limit => Account is not null ? Services.Options.InactivityTimeout
        : UntilLoginDeadline < Services.Options.LoginTimeout ? UntilLoginDeadline : Services.Options.LoginTimeout;

    private TimeSpan UntilLoginDeadline => input.Until(loginDeadline);

    // False: the session is over.
    private async ValueTask<bool> RunNextAsync(CancellationToken cancellationToken)
    {
        WhileIdle.ThrowIfCancellationRequested();

        // Commands that are there already are read without a look at the clock.
        if (Account is null && UntilLoginDeadline <= TimeSpan.Zero)
        {
            throw new PeerTimeoutException("the client has not logged in");
        }

        switch (await commands.ReadAsync(Limit, WhileIdle, cancellationToken).ConfigureAwait(false))
        {
            case CommandStatus.End:
                return false;
            case CommandStatus.LineTooLong:
                Writer.Line("* BAD Line too long");
                return CountBad(true);
            case CommandStatus.LiteralTooLarge:
                // RFC 7888 §4: read and thrown away, or never asked for.
                WriteReply(TagOf(commands.Octets), ImapReply.No("The literal is too large", "TOOBIG"));
                return true;
            case CommandStatus.Unreadable:
                Writer.Line("* BYE [TOOBIG] The literal is too large");
                return false;
            default:
                await WaitForTurnAsync(cancellationToken).ConfigureAwait(false);
                return await RunAsync(commands.Octets, cancellationToken).ConfigureAwait(false);
        }
    }

    // Its clients together are served no faster than the tenant's limit says.
    private async ValueTask WaitForTurnAsync(CancellationToken cancellationToken)
    {
        if (Account is { } account && Services.Standings.TakeTurn(account.Tenant) is { Ticks: > 0 } wait)
        {
            await Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(wait, Services.Time, WhileIdle).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> RunAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        if (!TryTag(command.Span, out var tag, out var used))
        {
            Writer.Line("* BAD Expected a tag and a command");
            return CountBad(true);
        }

        Tag = tag;
        var started = Services.Time.GetTimestamp();
        var verb = FindVerb(command.Span[used..], out var verbLength);
        var reply = await RunVerbAsync(verb, command[(used + verbLength)..], cancellationToken).ConfigureAwait(false);
        if (!await commands.DiscardPendingAsync(MaxDiscarded, Limit, cancellationToken).ConfigureAwait(false))
        {
            Writer.Line("* BYE [TOOBIG] The literal is too large");
            return false;
        }

        if (!reply.Close)
        {
            await TellNoticesAsync(cancellationToken).ConfigureAwait(false);
        }

        WriteReply(tag, reply);
        Services.Telemetry.Command(verb?.Name ?? "unknown", reply.Status, Services.Time.GetElapsedTime(started));
        if (reply.Then is { } then)
        {
            await Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            await then(cancellationToken).ConfigureAwait(false);
        }

        return CountBad(reply.Status == "BAD") && !reply.Close;
    }

    // The one place where errors become responses.
    private async ValueTask<ImapReply> RunVerbAsync(Verb? verb, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        if (verb is null)
        {
            return ImapReply.Bad("Unknown command");
        }

        if ((verb.LegalIn & State) == 0)
        {
            return ImapReply.Bad($"{verb.Name} is not allowed now");
        }

        try
        {
            var reply = await verb.RunAsync(this, arguments, cancellationToken).ConfigureAwait(false);
            return reply.Status == "BAD" || reply.Close || reply.IsUpToDate ? reply : await TellAfterAsync(verb, reply, cancellationToken).ConfigureAwait(false);
        }
        catch (ImapSyntaxException e)
        {
            return ImapReply.Bad(e.Message);
        }
        catch (FolderGoneException)
        {
            TellFolderGone();
            return ImapReply.No("The selected mailbox was deleted", "NONEXISTENT") with { Close = true };
        }
        catch (GrainUnavailableException e)
        {
            Services.Log.Unavailable(connection.ConnectionId, verb.Name, e);
            return ImapReply.No("Try again later", "UNAVAILABLE");
        }
        catch (Exception e) when (e is not (IOException or InvalidDataException or OperationCanceledException or MessageBrokenException))
        {
            Services.Log.CommandFailed(connection.ConnectionId, verb.Name, e);
            return e is BlobMissingException ? ImapReply.No("The message cannot be read", "SERVERBUG") : ImapReply.No("Internal error", "SERVERBUG");
        }
    }

    // What the verb has done is done: its reply stands, whatever becomes of the news that follow it.
    private async ValueTask<ImapReply> TellAfterAsync(Verb verb, ImapReply reply, CancellationToken cancellationToken)
    {
        try
        {
            await TellChangesAsync(mayExpunge: !verb.HoldsNumbers, cancellationToken).ConfigureAwait(false);
        }
        catch (FolderGoneException)
        {
            TellFolderGone();
            return reply with { Close = true };
        }
        catch (GrainUnavailableException e)
        {
            // The next command tells it.
            Services.Log.Unavailable(connection.ConnectionId, verb.Name, e);
        }

        return reply;
    }

    // RFC 2180 §3.3: nothing better can be said of a folder that another session has deleted.
    private void TellFolderGone() => Writer.Line("* BYE The selected mailbox was deleted");

    private bool CountBad(bool bad)
    {
        badInARow = bad ? badInARow + 1 : 0;
        if (badInARow < Services.Options.MaxBadCommands)
        {
            return true;
        }

        Writer.Line("* BYE Too many malformed commands");
        return false;
    }

    private void WriteReply(string tag, ImapReply reply) =>
        Writer.Line(reply.Code is null ? $"{tag} {reply.Status} {reply.Text}" : $"{tag} {reply.Status} [{reply.Code}] {reply.Text}");

    private static string TagOf(ReadOnlyMemory<byte> command) => TryTag(command.Span, out var tag, out _) ? tag : "*";

    private static bool TryTag(ReadOnlySpan<byte> command, out string tag, out int used)
    {
        var length = command.IndexOfAnyExcept(ImapChars.Tag);
        var ok = length > 0 && command[length] == ' ';
        tag = ok ? System.Text.Encoding.ASCII.GetString(command[..length]) : "";
        used = length + 1;
        return ok;
    }

    private static Verb? FindVerb(ReadOnlySpan<byte> text, out int length)
    {
        length = WordLength(text);
        if (System.Text.Ascii.EqualsIgnoreCase(text[..length], "UID") && length < text.Length && text[length] == ' ')
        {
            length += 1 + WordLength(text[(length + 1)..]);
        }

        return ImapVerbs.All.GetValueOrDefault(System.Text.Encoding.Latin1.GetString(text[..length]));
    }

    private static int WordLength(ReadOnlySpan<byte> text)
    {
        var space = text.IndexOf((byte)' ');
        return space < 0 ? text.Length : space;
    }
}

/// <summary>The selected folder does not exist any more.</summary>
internal sealed class FolderGoneException() : Exception("the selected folder was deleted");
