using MailCloud.Blobs;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>A message with the sections to be sent of it, all open: its response can begin.</summary>
internal sealed record PreparedMessage(FetchedMessage Message, IReadOnlyList<SectionValue> Values);

/// <summary>
/// Some messages of a page, all readable: \Seen may be set and their responses written. Bounded by number, by octets at hand and by open streams.
/// </summary>
internal sealed class FetchBatch : IAsyncDisposable
{
    private const int MaxMessages = 100;
    private const int MaxAtHand = 1024 * 1024;
    private const int MaxStreams = 8;

    private readonly List<PreparedMessage> messages = [];
    private readonly List<uint> unreadable = [];
    private int atHand;
    private int streams;

    public IReadOnlyList<PreparedMessage> Messages => messages;

    /// <summary>UIDs of messages that were left out because their body is gone or damaged.</summary>
    public IReadOnlyList<uint> Unreadable => unreadable;

    /// <summary>A message was left out because a part's transfer encoding is unknown.</summary>
    public bool UnknownEncoding { get; private set; }

    /// <summary>How many of the messages handed in were taken, those left out included.</summary>
    public int Taken { get; private set; }

    private bool IsFull => messages.Count >= MaxMessages || atHand >= MaxAtHand || streams >= MaxStreams;

    /// <summary>Takes messages from <paramref name="start"/> on, at least one.</summary>
    public static async ValueTask<FetchBatch> PrepareAsync(
        IReadOnlyList<FetchedMessage> messages, int start, FetchItems items, ImapServices services, CancellationToken cancellationToken)
    {
        var batch = new FetchBatch();
        var bodies = new BodyReader(services.Blobs, services.Telemetry.FetchRead);
        try
        {
            for (var i = start; i < messages.Count && !batch.IsFull; i++)
            {
                await batch.AddAsync(messages[i], items, bodies, services.Log, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await batch.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var value in messages.SelectMany(message => message.Values))
        {
            await value.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask AddAsync(FetchedMessage message, FetchItems items, BodyReader bodies, ILogger log, CancellationToken cancellationToken)
    {
        Taken++;
        if (items.Sections.Count == 0)
        {
            messages.Add(new(message, []));
            return;
        }

        var values = new List<SectionValue>(items.Sections.Count);
        messages.Add(new(message, values));
        var reader = new SectionReader(message, bodies);
        try
        {
            foreach (var section in items.Sections)
            {
                var value = await reader.OpenAsync(section, cancellationToken).ConfigureAwait(false);
                values.Add(value);
                atHand += value.AtHand.Length;
                streams += value.Rest is null ? 0 : 1;
            }
        }
        catch (Exception e) when (e is BlobMissingException or MessageBrokenException or UnknownEncodingException)
        {
            await LeaveOutLastAsync().ConfigureAwait(false);
            if (e is UnknownEncodingException)
            {
                UnknownEncoding = true;
            }
            else
            {
                unreadable.Add(message.Uid);
                log.BodyUnreadable(message.Body.Name, e);
            }
        }
    }

    private async ValueTask LeaveOutLastAsync()
    {
        foreach (var value in messages[^1].Values)
        {
            await value.DisposeAsync().ConfigureAwait(false);
        }

        messages.RemoveAt(messages.Count - 1);
    }
}
