using System.Buffers;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Wire;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>
/// One transaction on a session, from MAIL to the reply to the message's end (RFC 5321 §3.3). What holds throughout:
/// a recipient has an outcome from the moment that its fate is known, and keeps it whatever happens to the connection;
/// the message's end goes out only when all of the message has been read and written;
/// from then until the reply, and at no other time, a broken connection leaves it in doubt.
/// </summary>
internal sealed class TransactionRun
{
    // Octets of a message that are read at a time.
    private const int Piece = 16 * 1024;

    // RFC 3030 names no size. Without PIPELINING a chunk costs a round trip: at 100 ms these are 2.5 MB/s; and a thousand sessions hold 256 MB at most.
    private const int Chunk = 256 * 1024;

    private readonly SmtpChannel channel;
    private readonly SmtpClientSession session;
    private readonly OutboundTransaction transaction;
    private readonly SmtpClientOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Fitness fitness;
    private readonly RelayOutcome?[] outcomes;
    private readonly List<int> accepted = [];
    private readonly List<int> atOnce = [];
    private ConnectionVerdict verdict;
    private bool mailAccepted;
    private bool dataOpen;
    private bool endSent;

    public TransactionRun(SmtpClientSession session, SmtpChannel channel, OutboundTransaction transaction, SmtpClientOptions options, TimeProvider time, ILogger log)
    {
        (this.session, this.channel, this.transaction, this.options, this.time, this.log) = (session, channel, transaction, options, time, log);
        fitness = new(transaction, session.Capabilities, session.Tls is { Proof: not TlsProof.None }, session.HostName);
        outcomes = new RelayOutcome?[transaction.Recipients.Count];
    }

    /// <summary>True when the host has answered any of it but with a goodbye.</summary>
    public bool WasAnswered { get; private set; }

    /// <summary>True when the host may still hold parts of this transaction, which RSET must clear away before the next.</summary>
    public bool LeavesRest { get; private set; }

    /// <summary>How many recipients the host took before it said that they were too many; null: it did not.</summary>
    public int? RecipientsTaken { get; private set; }

    public async Task<TransactionResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Prepare() is { Count: > 0 } recipients)
            {
                await EnvelopeAsync(recipients, cancellationToken).ConfigureAwait(false);
                await MessageAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (MessageBodyException e)
        {
            log.BodyUnreadable(session.HostName, e.InnerException ?? e);
            Break("4.3.0", "the message could not be read here");
        }
        catch (OperationCanceledException)
        {
            Break("4.3.2", "this relay stops");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            log.BrokeOff(session.HostName, e.Message);
            Break("4.4.2", $"{session.HostName}: {e.Message}");
        }

        LeavesRest = mailAccepted && !channel.IsClosed;
        return new([.. outcomes.Select(o => o!)], session.IsUsable, verdict, endSent, atOnce);
    }

    /// <summary>Gives those their outcome who cannot be sent to, or not now. Returns the others.</summary>
    private List<int> Prepare()
    {
        if (fitness.OfAll(time.GetUtcNow()) is { } all)
        {
            Array.Fill(outcomes, all);
            return [];
        }

        var fit = new List<int>();
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = fitness.OfRecipient(transaction.Recipients[i]);
            if (outcomes[i] is null)
            {
                fit.Add(i);
            }
        }

        // RFC 9422 §4.2, or what the host has shown itself: the others go in another transaction.
        foreach (var i in fit.Skip(session.MaxRecipients))
        {
            NoRoom(i, $"452 4.5.3 {session.HostName} takes {session.MaxRecipients} recipients at a time");
        }

        return fit.Count <= session.MaxRecipients ? fit : fit[..session.MaxRecipients];
    }

    private async Task EnvelopeAsync(List<int> recipients, CancellationToken cancellationToken)
    {
        var capabilities = session.Capabilities;
        var commands = new EnvelopeCommands(transaction, capabilities, fitness.AsUtf8);
        var steps = new List<Step> { new(commands.Mail(fitness.WithRequireTls, time.GetUtcNow()), options.MailTimeout, TakeMail, () => true) };
        steps.AddRange(recipients.Select(i => new Step(commands.Rcpt(transaction.Recipients[i]), options.RcptTimeout, reply => TakeRcpt(i, reply), () => mailAccepted)));
        if (!capabilities.Chunking)
        {
            steps.Add(new("DATA", options.DataTimeout, TakeData, () => accepted.Count > 0));
        }

        session.Begin();
        if (channel.IsClosed)
        {
            throw new IOException("the connection is over");
        }

        if (capabilities.Pipelining)
        {
            await InOneGroupAsync(steps, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await StepByStepAsync(steps, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>RFC 2920 §3.1. Replies are read while commands are still written: were both ends to write first, neither might ever read.</summary>
    private async Task InOneGroupAsync(List<Step> steps, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            channel.Write(step.Command);
        }

        var sending = channel.FlushAsync(cancellationToken).AsTask();
        try
        {
            var started = time.GetTimestamp();
            foreach (var step in steps)
            {
                await TakeAsync(step, started, cancellationToken).ConfigureAwait(false);
                if (channel.IsClosed)
                {
                    return;
                }
            }
        }
        catch
        {
            channel.Close();
            throw;
        }
        finally
        {
            // What could not be sent is seen in the replies that do not come.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StepByStepAsync(List<Step> steps, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        foreach (var step in steps.Where(s => s.IsNeeded()))
        {
            channel.Write(step.Command);
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            await TakeAsync(step, started, cancellationToken).ConfigureAwait(false);
            if (channel.IsClosed)
            {
                return;
            }
        }
    }

    private async Task TakeAsync(Step step, long started, CancellationToken cancellationToken)
    {
        var left = options.EnvelopeTimeout - time.GetElapsedTime(started);
        var reply = await channel.ReadReplyAsync(left < step.Limit ? left : step.Limit, cancellationToken).ConfigureAwait(false);
        if (reply.Code == 421)
        {
            Goodbye(reply);
            return;
        }

        if (reply.Class == 3 && !(reply.Code == 354 && step.Command == "DATA"))
        {
            throw OutOfStep(reply);
        }

        WasAnswered = true;
        step.Take(reply);
    }

    private void TakeMail(RemoteReply reply)
    {
        mailAccepted = IsYes(reply);
        if (!mailAccepted)
        {
            verdict = reply.Class == 4 ? ConnectionVerdict.TooMuch : verdict;
            DecideRest(() => Outcome(reply));
        }
    }

    private void TakeRcpt(int recipient, RemoteReply reply)
    {
        if (!mailAccepted)
        {
            // It answers what was sent ahead of MAIL's refusal.
            return;
        }

        if (IsYes(reply))
        {
            accepted.Add(recipient);
        }
        else if (accepted.Count > 0 && IsTooMany(reply))
        {
            RecipientsTaken ??= accepted.Count;
            NoRoom(recipient, reply.ToString());
        }
        else
        {
            outcomes[recipient] = Outcome(reply, ofAddress: !session.IsSmarthost);
        }
    }

    private void TakeData(RemoteReply reply)
    {
        dataOpen = reply.Code == 354;
        if (!dataOpen && IsYes(reply))
        {
            throw OutOfStep(reply);
        }

        if (!dataOpen)
        {
            DecideRest(() => Outcome(reply));
        }
    }

    private async Task MessageAsync(CancellationToken cancellationToken)
    {
        if (channel.IsClosed)
        {
            return;
        }

        if (accepted.Count == 0)
        {
            await NothingAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (session.Capabilities.Chunking)
        {
            await ChunksAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (dataOpen)
        {
            await DataAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>RFC 2920 §3.1: a host that refused everybody and opened DATA nevertheless gets an empty message, which is nobody's.</summary>
    private async Task NothingAsync(CancellationToken cancellationToken)
    {
        if (!dataOpen)
        {
            return;
        }

        var reply = await channel.AskAsync(".", options.FinalTimeout, cancellationToken).ConfigureAwait(false);
        if (reply.Code == 421)
        {
            Goodbye(reply);
        }

        mailAccepted = false;
    }

    private async Task DataAsync(CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            await using var body = await MessageBody.OpenAsync(transaction, cancellationToken).ConfigureAwait(false);
            var (stuffing, sent, started) = (default(DotStuffing), 0L, time.GetTimestamp());
            for (int read; (read = await body.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                stuffing.Write(piece.AsSpan(0, read), channel.Output);
                await FlushAsync(sent += read, started, cancellationToken).ConfigureAwait(false);
            }

            stuffing.End(channel.Output);
            await EndAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        TakeFinal(await channel.ReadReplyAsync(options.FinalTimeout, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// RFC 3030 §2. Chunks follow the replies to RCPT, which costs no more round trips than DATA does and sends nothing to a host that refused everybody. With PIPELINING one chunk is under
    /// way while the reply to the one before is read.
    /// </summary>
    private async Task ChunksAsync(CancellationToken cancellationToken)
    {
        // A chunk's length goes before it, so it is read first.
        var chunk = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(transaction.Length + 1, Piece, Chunk));
        RemoteReply? refusal = null;
        try
        {
            await using var body = await MessageBody.OpenAsync(transaction, cancellationToken).ConfigureAwait(false);
            var (sent, started, unanswered) = (0L, time.GetTimestamp(), 0);
            for (var isLast = false; !isLast && refusal is null;)
            {
                var length = await body.FillAsync(chunk, cancellationToken).ConfigureAwait(false);
                isLast = length < chunk.Length;
                await SendChunkAsync(chunk.AsMemory(0, length), isLast, sent, started, cancellationToken).ConfigureAwait(false);
                sent += length;
                unanswered++;
                while (unanswered > (session.Capabilities.Pipelining || isLast ? 1 : 0))
                {
                    refusal ??= await ChunkReplyAsync(cancellationToken).ConfigureAwait(false);
                    unanswered--;
                    if (channel.IsClosed)
                    {
                        return;
                    }
                }
            }

            if (refusal is not null)
            {
                // What follows from it does not count, whatever the host says to what is under way.
                DecideRest(() => Outcome(refusal));
                endSent = false;
                await (unanswered > 0 ? ChunkReplyAsync(cancellationToken) : Task.CompletedTask).ConfigureAwait(false);
                return;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        TakeFinal(await channel.ReadReplyAsync(options.FinalTimeout, cancellationToken).ConfigureAwait(false));
    }

    private async Task SendChunkAsync(ReadOnlyMemory<byte> chunk, bool isLast, long sent, long started, CancellationToken cancellationToken)
    {
        channel.Write(isLast ? $"BDAT {chunk.Length} LAST" : $"BDAT {chunk.Length}");
        while (chunk.Length > Piece)
        {
            channel.Output.Write(chunk.Span[..Piece]);
            chunk = chunk[Piece..];
            await FlushAsync(sent += Piece, started, cancellationToken).ConfigureAwait(false);
        }

        channel.Output.Write(chunk.Span);
        if (isLast)
        {
            await EndAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await SendingAsync(channel.FlushAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Null when the host took the chunk.</summary>
    private async Task<RemoteReply?> ChunkReplyAsync(CancellationToken cancellationToken)
    {
        var reply = await channel.ReadReplyAsync(options.BlockTimeout, cancellationToken).ConfigureAwait(false);
        if (reply.Code == 421)
        {
            endSent = false;
            Goodbye(reply);
        }
        else if (reply.Class == 3)
        {
            throw OutOfStep(reply);
        }

        return IsYes(reply) ? null : reply;
    }

    /// <summary>Sends what ends the message. From here on the host may have it.</summary>
    private async Task EndAsync(CancellationToken cancellationToken)
    {
        endSent = true;
        try
        {
            await channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e is not PeerTimeoutException)
        {
            // A host that broke off before may have said why: the reply is read, or it is missing.
        }
    }

    /// <summary>The reply to the message's end.</summary>
    private void TakeFinal(RemoteReply reply)
    {
        if (reply.Class == 3)
        {
            throw OutOfStep(reply);
        }

        (endSent, mailAccepted) = (false, false);
        if (reply.Code == 421)
        {
            Goodbye(reply);
        }

        if (IsYes(reply))
        {
            var delivered = new RelayOutcome.Delivered(reply.ToString(), session.HostName, session.Capabilities.Dsn);
            accepted.ForEach(i => outcomes[i] = delivered);
        }
        else
        {
            DecideRest(() => Outcome(reply));
        }
    }

    private async Task FlushAsync(long sent, long started, CancellationToken cancellationToken)
    {
        await SendingAsync(channel.FlushIfFullAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        if (time.GetElapsedTime(started) > options.BlockTimeout + TimeSpan.FromSeconds((double)sent / options.MinDataRate))
        {
            throw new PeerTimeoutException("the host takes the message too slowly");
        }
    }

    /// <summary>A host that breaks off within a message has often said why: that it is too large, or who we are.</summary>
    private async Task SendingAsync(ValueTask sending, CancellationToken cancellationToken)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (IOException e) when (e is not PeerTimeoutException)
        {
            var reply = await channel.ReadReplyAsync(options.QuitTimeout, cancellationToken).ConfigureAwait(false);
            if (reply.Class < 4)
            {
                throw;
            }

            Goodbye(reply);
            throw;
        }
    }

    private void DecideRest(Func<RelayOutcome> decide)
    {
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] ??= decide();
        }
    }

    private void NoRoom(int recipient, string reply)
    {
        outcomes[recipient] = new RelayOutcome.Deferred("4.5.3", reply, session.HostName);
        atOnce.Add(recipient);
    }

    /// <summary>421, or the last words of a host that broke off: whoever has no outcome yet gets this one (RFC 5321 §3.8).</summary>
    private void Goodbye(RemoteReply reply)
    {
        verdict = reply.Code == 421 ? ConnectionVerdict.TooMuch : verdict;
        MoveOnIfStale();
        DecideRest(() => Outcome(reply));
        channel.Close();
    }

    private void Break(string status, string text)
    {
        channel.Close();
        MoveOnIfStale();
        DecideRest(() => new RelayOutcome.Deferred(status, $"451 {status} {text}"));
    }

    /// <summary>A session that was fine before, and ends before anything of this transaction was answered, says nothing about this transaction.</summary>
    private void MoveOnIfStale()
    {
        if (session.HasServed && !WasAnswered)
        {
            atOnce.AddRange(Enumerable.Range(0, outcomes.Length).Where(i => outcomes[i] is null));
        }
    }

    private RelayOutcome Outcome(RemoteReply reply, bool ofAddress = false) => reply.Class == 5
        ? new RelayOutcome.Failed(reply.Status, reply.ToString(), session.HostName, ofAddress)
        : new RelayOutcome.Deferred(reply.Status, reply.ToString(), session.HostName);

    /// <summary>RFC 5321 §4.5.3.1.10: 452 for too many recipients, or 552 by older hosts; other reasons for the same codes have another status.</summary>
    private static bool IsTooMany(RemoteReply reply) => reply.Code is 452 or 552 && reply.Status is "4.5.3" or "5.5.3" or "4.0.0" or "5.0.0";

    private static bool IsYes(RemoteReply reply) => reply.Class == 2;

    private static NotSmtpException OutOfStep(RemoteReply reply) => new($"{reply.Code} is no reply to what it was asked");

    /// <param name="Command">The line.</param>
    /// <param name="Limit">How long its reply is waited for.</param>
    /// <param name="Take">What the reply means.</param>
    /// <param name="IsNeeded">Whether it is sent at all, when what went before has been answered.</param>
    private sealed record Step(string Command, TimeSpan Limit, Action<RemoteReply> Take, Func<bool> IsNeeded);
}
