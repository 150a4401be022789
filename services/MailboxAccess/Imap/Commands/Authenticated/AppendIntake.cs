using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>
/// The messages of one APPEND on their way in. Each streams into a body of its own, which names the mailbox as its owner, and is summarised on the way.
/// Whatever ends the command before the mailbox has taken them leaves nothing: the bodies are released here, or found by the sweep when this process dies.
/// </summary>
internal sealed class AppendIntake(ImapSession session, string folder) : IAsyncDisposable
{
    /// <summary>Octets of summaries, roughly, that one command may gather: they stand in memory and go into the mailbox's journal in one append.</summary>
    private const long MaxSummaries = 32 * 1024 * 1024;

    private readonly AccountId account = session.Account!.Value;
    private readonly List<AppendedMessage> messages = [];
    private readonly List<string> stored = [];
    private MailboxQuota quota;
    private long octets;
    private long summaries;
    private bool mailboxHasThem;

    private Append.Head head;
    private string name = "";
    private BlobUpload? upload;
    private MimeScanner? scanner;
    private ImapReply? failure;

    private ImapServices Services => session.Services;

    private string Owner => BodyOwner.Mailbox(account);

    /// <summary>Gets ready for the next message. A reply that is not null refuses it, and with it the command.</summary>
    public async ValueTask<ImapReply?> BeginAsync(Append.Head next, CancellationToken cancellationToken)
    {
        if (octets == 0 && await TargetRefusalAsync(cancellationToken).ConfigureAwait(false) is { } noTarget)
        {
            return noTarget;
        }

        octets += next.Length;
        if (Refusal(next.Length) is { } refusal)
        {
            return refusal;
        }

        var id = DeliveryId.New(Services.Time.GetUtcNow());
        head = next;
        name = BodyRef.NameFor(account.Tenant, id);
        upload = Services.Blobs.Create(name, [Owner]);
        scanner = new();
        return null;
    }

    /// <summary>Takes the next octets of the message. After a failure they are dropped: the rest of the literal has to be read all the same.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        // RFC 3501 §9: CHAR8 is any octet but NUL.
        if (!head.Binary && piece.Span.Contains((byte)0))
        {
            failure ??= ImapReply.Bad("NUL is allowed in a literal8 only");
        }

        if (failure is not null)
        {
            return;
        }

        try
        {
            await upload!.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failure = Failed(e);
        }

        Scan(piece.Span);
    }

    /// <summary>The message has ended: makes its body durable. A reply that is not null says why the command fails.</summary>
    public async ValueTask<ImapReply?> CommitAsync()
    {
        if (failure is not null)
        {
            return failure;
        }

        var body = new BodyRef(name, upload!.Length);
        stored.Add(name);
        try
        {
            // A client that leaves now stops nothing: half a commit could not be told from a whole one.
            await upload.CommitAsync(CancellationToken.None).WaitAsync(Services.Options.CommitTimeout, Services.Time).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return Failed(e);
        }

        await upload.DisposeAsync().ConfigureAwait(false);
        upload = null;
        var summary = Summarise(body);
        summaries += WeightOf(summary);
        messages.Add(new()
        {
            Body = body,
            Summary = summary,
            InternalDate = head.InternalDate ?? Services.Time.GetUtcNow(),
            Flags = head.Flags.System,
            Keywords = head.Flags.Keywords,
        });
        return null;
    }

    /// <summary>Gives the messages to the mailbox, which takes all of them or none.</summary>
    /// <exception cref="GrainUnavailableException">Whether it took them is not known.</exception>
    public async ValueTask<ImapReply> FileAsync(CancellationToken cancellationToken)
    {
        var append = new AppendRequest { Operation = Guid.NewGuid(), Folder = folder, Messages = messages };

        // From here on it may have them, until it says that it has not. In doubt the bodies stay, and the sweep asks the mailbox.
        mailboxHasThem = true;
        var result = await session.CallMailboxAsync(mailbox => mailbox.AppendAsync(append), cancellationToken).ConfigureAwait(false);
        mailboxHasThem = result.Outcome == WriteOutcome.Done;
        return WriteReplies.Refusal(result.Outcome)
            ?? ImapReply.Ok("APPEND completed", $"APPENDUID {result.UidValidity} {SequenceSet.Write(result.Uids)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (upload is not null)
        {
            await upload.DisposeAsync().ConfigureAwait(false);
        }

        foreach (var body in mailboxHasThem ? [] : stored)
        {
            try
            {
                await Services.Blobs.ReleaseAsync(body, Owner, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Services.Log.BodyNotReleased(body, e);
            }
        }
    }

    private async ValueTask<ImapReply?> TargetRefusalAsync(CancellationToken cancellationToken)
    {
        var status = session.CallMailboxAsync(mailbox => mailbox.GetStatusAsync(folder), cancellationToken).AsTask();
        var limits = session.CallMailboxAsync(mailbox => mailbox.GetQuotaAsync(), cancellationToken).AsTask();
        await Task.WhenAll(status, limits).ConfigureAwait(false);
        quota = await limits.ConfigureAwait(false) ?? default;
        return await status.ConfigureAwait(false) is null ? WriteReplies.NoTarget : null;
    }

    private ImapReply? Refusal(long length)
    {
        // RFC 3502 §3: a client gives up an APPEND by a message without octets.
        if (length == 0)
        {
            return ImapReply.No("A message without octets cannot be stored", "CANNOT");
        }

        if (length > Services.Options.MaxAppendLength)
        {
            return ImapReply.No($"A message has at most {Services.Options.MaxAppendLength} octets", "TOOBIG");
        }

        if (summaries > MaxSummaries)
        {
            return WriteReplies.Refusal(WriteOutcome.TooMany);
        }

        return quota.Allows(octets) ? null : WriteReplies.OverQuota;
    }

    private ImapReply Failed(Exception error)
    {
        Services.Log.BodyNotStored(name, error);
        return error is StorageFullException ? ImapReply.No("There is no room on the server", "UNAVAILABLE") : ImapReply.No("Try again later", "UNAVAILABLE");
    }

    private void Scan(ReadOnlySpan<byte> piece)
    {
        try
        {
            scanner?.Feed(piece);
        }
        catch (Exception e)
        {
            Unparsed(e);
        }
    }

    private MessageSummary Summarise(BodyRef body)
    {
        try
        {
            if (scanner?.Finish() is { } summary)
            {
                return summary;
            }
        }
        catch (Exception e)
        {
            Unparsed(e);
        }

        return new() { Envelope = new(), Structure = new() { Type = "application", Subtype = "octet-stream", BodyLength = body.Length } };
    }

    // A parser that fails must not keep a message out of its mailbox.
    private void Unparsed(Exception error)
    {
        scanner = null;
        Services.Log.NotParsed(name, error);
    }

    private static long WeightOf(MessageSummary summary) => (2L * (summary.Header?.Length ?? 256 * 1024)) + (300 * Parts(summary.Structure));

    private static long Parts(BodyPart part) => 1 + part.Parts.Sum(Parts);
}
