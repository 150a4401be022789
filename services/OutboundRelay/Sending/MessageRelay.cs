using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Content;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>Sends one message to those of its recipients who are in hand, as one transaction of a session.</summary>
internal sealed class MessageRelay(OutboundContent contents, RelayTelemetry telemetry, ILogger<MessageRelay> logger)
{
    /// <summary>Makes a message what the session's host takes. Another one may be on its way on the session meanwhile.</summary>
    /// <param name="session">Where to.</param>
    /// <param name="entries">Entries of one message.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<PreparedMessage> PrepareAsync(SmtpClientSession session, IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var message = entries[0].Message;
        using var activity = RelayTelemetry.Start("relay.prepare", message);
        using var scope = DeliveryScope.Begin(logger, message);
        try
        {
            return new(entries, await contents.PrepareAsync(message, AllowedBy(session.Capabilities, message), cancellationToken));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            RelayLog.BodyUnreadable(logger, message.Id, message.Tenant, e);
            return new(entries, null);
        }
    }

    /// <param name="session">Where to.</param>
    /// <param name="prepared">The message.</param>
    /// <param name="cancellationToken">Ends it within the transaction.</param>
    /// <returns>An outcome per entry, and whether the session is good for another message.</returns>
    public async Task<MessageResult> SendAsync(SmtpClientSession session, PreparedMessage prepared, CancellationToken cancellationToken)
    {
        var entries = prepared.Entries;
        var message = entries[0].Message;
        using var activity = RelayTelemetry.StartTransaction(message, session.HostName);
        using var scope = DeliveryScope.Begin(logger, message);
        if (prepared.Content is null)
        {
            return MessageResult.OfAll(entries, new RelayOutcome.Deferred("4.3.0", "451 4.3.0 the message cannot be read at the moment"));
        }

        if (prepared.Content is PreparedContent.CannotDowngrade(var reason))
        {
            return MessageResult.OfAll(entries, CannotTake(session, message, reason));
        }

        var ready = (PreparedContent.Ready)prepared.Content;
        var transaction = new OutboundTransaction(
            message.Envelope.Sender, [.. entries.Select(e => new OutboundRecipient(e.Recipient.Remote[0], e.Recipient))], message.Envelope, ready.Length, ready.Form, ready.OpenAsync,
            HeaderIsUtf8: message.Envelope.SmtpUtf8 && session.Capabilities.SmtpUtf8);
        var result = await session.SendAsync(transaction, cancellationToken);
        if (result.InDoubt)
        {
            RelayLog.InDoubt(logger, message.Id, message.Tenant, session.HostName);
            telemetry.InDoubt(message, entries.Count);
        }

        return new(
            [.. entries.Zip(result.Outcomes).Where((_, place) => !result.AtOnce.Contains(place))], [.. result.AtOnce.Select(place => entries[place])], result.Usable, result.Verdict,
            result.Outcomes.OfType<RelayOutcome.Deferred>().FirstOrDefault()?.Reply);
    }

    private static RelayOutcome.Failed CannotTake(SmtpClientSession session, QueuedMessage message, string reason)
    {
        const string Status = PreparedContent.CannotDowngrade.Status;
        return message.Envelope.SmtpUtf8 && !session.Capabilities.SmtpUtf8
            ? new("5.6.7", $"550 5.6.7 {session.HostName} does not support SMTPUTF8, and the message cannot do without: {reason}")
            : new(Status, $"554 {Status} {session.HostName} takes less than this message needs: {reason}");
    }

    // To a host without SMTPUTF8 header fields go in ASCII, as encoded words; addresses that have no such form are refused with the transaction.
    private static BodyType AllowedBy(Capabilities next, QueuedMessage message) => next switch
    {
        { SmtpUtf8: false } when message.Envelope.SmtpUtf8 => BodyType.SevenBit,
        { BinaryMime: true, Chunking: true } => BodyType.BinaryMime,
        { EightBitMime: true } => BodyType.EightBitMime,
        _ => BodyType.SevenBit,
    };
}

/// <param name="Entries">Of one message.</param>
/// <param name="Content">Null: it cannot be read now.</param>
internal sealed record PreparedMessage(IReadOnlyList<SpoolEntry> Entries, PreparedContent? Content);

/// <param name="Outcomes">One per entry, but for those that follow.</param>
/// <param name="AtOnce">Entries that the transaction had no room for: they need not wait for the schedule.</param>
/// <param name="Usable">True when the session takes another message.</param>
/// <param name="Verdict">What the host said of our rate.</param>
/// <param name="Reply">Its words, when it put something off.</param>
internal sealed record MessageResult(
    IReadOnlyList<(SpoolEntry Entry, RelayOutcome Outcome)> Outcomes, IReadOnlyList<SpoolEntry> AtOnce, bool Usable, ConnectionVerdict Verdict, string? Reply)
{
    /// <summary>Nothing was said to the host.</summary>
    public static MessageResult OfAll(IReadOnlyList<SpoolEntry> entries, RelayOutcome outcome) => new([.. entries.Select(e => (e, outcome))], [], true, ConnectionVerdict.Fine, null);
}
