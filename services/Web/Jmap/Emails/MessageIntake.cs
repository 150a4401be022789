using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>
/// A message on its way into the mailbox: its octets stream into a body that names the mailbox as its owner, and are summarised on the way. Whatever ends this before the mailbox has taken it leaves
/// nothing: the body is released here, or found by the sweep when this process dies.
/// </summary>
internal sealed class MessageIntake : IAsyncDisposable
{
    /// <summary>How long the store may take to make a body durable, as with IMAP's APPEND.</summary>
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(30);

    private static readonly string[] system = ["$seen", "$answered", "$flagged", "$draft"];
    private static readonly MessageFlags[] flags = [MessageFlags.Seen, MessageFlags.Answered, MessageFlags.Flagged, MessageFlags.Draft];

    private readonly JmapCall call;
    private readonly ILogger log;
    private readonly string name;
    private readonly BlobUpload upload;
    private MimeScanner? scanner = new();
    private bool committing;
    private bool mailboxHasIt;

    public MessageIntake(JmapCall call)
    {
        this.call = call;
        log = call.Services.Loggers.CreateLogger("MailCloud.Web.Jmap");
        name = BodyRef.NameFor(call.Account.Tenant, DeliveryId.New(call.Services.Time.GetUtcNow()));
        upload = call.Services.Blobs.Create(name, [Owner]);
        Octets = new Inflow(this);
    }

    /// <summary>Takes the message.</summary>
    public Stream Octets { get; }

    private string Owner => BodyOwner.Mailbox(call.Account);

    /// <summary>The message has ended: makes its body durable and gives it to the mailbox. What the client is told of it (RFC 8621 §4.6).</summary>
    /// <param name="writer">Of the call.</param>
    /// <param name="folders">It comes into.</param>
    /// <param name="keywords">It has, in lower case.</param>
    /// <param name="receivedAt">Null: as the message's last hop says if it says so, else now.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <exception cref="SetException">The mailbox does not take it.</exception>
    public async Task<JsonObject> FileAsync(EmailWriter writer, int[] folders, IReadOnlyList<string> keywords, Func<MessageSummary, DateTimeOffset?> receivedAt, CancellationToken cancellationToken)
    {
        // A client that leaves now stops nothing: half a commit could not be told from a whole one.
        committing = true;
        await upload.CommitAsync(CancellationToken.None).WaitAsync(CommitTimeout, call.Services.Time, CancellationToken.None);
        var summary = Summarise();
        var message = new AppendedMessage
        {
            Body = new(name, upload.Length),
            Summary = summary,
            InternalDate = receivedAt(summary) ?? call.Services.Time.GetUtcNow(),
            Flags = keywords.Aggregate(MessageFlags.None, (set, keyword) => Array.IndexOf(system, keyword) is >= 0 and var i ? set | flags[i] : set),
            Keywords = [.. keywords.Except(system)],
        };

        // From here on it may have it, until it says that it has not. In doubt the body stays, and the sweep asks the mailbox.
        mailboxHasIt = true;
        EmailResult result;
        try
        {
            result = await writer.AddAsync(folders, message, cancellationToken);
        }
        catch (MethodException)
        {
            mailboxHasIt = false;
            throw;
        }

        mailboxHasIt = result.Outcome == EmailOutcome.Done;
        return mailboxHasIt
            ? new()
            {
                ["id"] = ObjectIds.OfEmail(result.Email),
                ["blobId"] = new BlobId(BlobKind.Message, result.Email).ToString(),
                ["threadId"] = ObjectIds.OfThread(result.Thread),
                ["size"] = result.Size,
            }
            : throw new SetException(EmailWriter.ErrorOf(result.Outcome));
    }

    public async ValueTask DisposeAsync()
    {
        await upload.DisposeAsync();
        if (!committing || mailboxHasIt)
        {
            return;
        }

        try
        {
            await call.Services.Blobs.ReleaseAsync(name, Owner, CancellationToken.None);
        }
        catch (Exception e)
        {
            log.BodyNotReleased(name, e);
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        await upload.WriteAsync(octets, cancellationToken);
        try
        {
            scanner?.Feed(octets.Span);
        }
        catch (Exception e)
        {
            Unparsed(e);
        }
    }

    private MessageSummary Summarise()
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

        return new() { Envelope = new(), Structure = new() { Type = "application", Subtype = "octet-stream", BodyLength = upload.Length } };
    }

    // A parser that fails must not keep a message out of its mailbox.
    private void Unparsed(Exception error)
    {
        scanner = null;
        log.NotParsed(name, error);
    }

    /// <summary>The way in as a stream, which is what encoders write to.</summary>
    private sealed class Inflow(MessageIntake intake) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => intake.upload.Length;

        public override long Position
        {
            get => intake.upload.Length;
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => intake.TakeAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
