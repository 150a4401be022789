using MailCloud.Messages;
using MailCloud.SmtpIngress.Commands;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>What a sender wishes of a message's delivery, as far as this session grants it: when, how urgently, over which connections.</summary>
internal sealed record DeliveryWishes
{
    public DateTimeOffset? HoldUntil { get; private init; }

    /// <summary>As it is told in reports; null when <see cref="HoldUntil"/> is.</summary>
    public string? HoldRequest { get; private init; }

    public DeliverBy? DeliverBy { get; private init; }

    public int Priority { get; private init; }

    /// <summary>True when the priority is not the one that was asked for (RFC 6710 §4.1: the client is told).</summary>
    public bool IsPriorityChanged { get; private init; }

    public bool RequiresTls { get; private init; }

    /// <summary>The refusal of a wish that this session does not grant; null when all is well.</summary>
    public static SmtpReply? Decide(SmtpSession session, TransactionKind kind, MailParameters asked, out DeliveryWishes wishes)
    {
        var now = session.Services.Time.GetUtcNow();
        var holdUntil = asked.HoldUntil ?? (asked.HoldFor is { } seconds ? now.AddSeconds(seconds) : null);
        var by = asked.By is { } given ? new DeliverBy(now.AddSeconds(given.Seconds), given.Return, given.Trace) : null;
        var priority = Allowed(session, asked.Priority ?? 0);
        wishes = new()
        {
            HoldUntil = holdUntil,
            HoldRequest = asked.HoldRequest,
            DeliverBy = by,
            Priority = priority,
            IsPriorityChanged = asked.Priority is { } wanted && wanted != priority,
            RequiresTls = asked.RequireTls,
        };

        return RefuseHold(session, kind, holdUntil, by, now) ?? RefuseTime(session, asked.By) ?? RefuseTls(session, asked.RequireTls);
    }

    private static SmtpReply? RefuseHold(SmtpSession session, TransactionKind kind, DateTimeOffset? until, DeliverBy? by, DateTimeOffset now)
    {
        if (until is null)
        {
            return null;
        }

        // RFC 4865 §3, item 7: for submission only.
        if (!session.IsSubmission)
        {
            return new(555, "5.5.4", "mail is held for those who submit it");
        }

        // RFC 821 §3.4: who is there now is not who will be.
        if (kind != TransactionKind.Mail)
        {
            return SmtpReply.Syntax("a message for a terminal cannot be held");
        }

        // RFC 4865 §4.2, items 7, 8, 10 and 11. What EHLO said was the latest moment then.
        if (until <= now || until > now + session.Options.MaxHold)
        {
            return SmtpReply.Syntax($"mail is held for {session.Options.MaxHold.TotalSeconds:0} seconds at most, and not until a time that has passed");
        }

        // RFC 4865 §5.2.2.
        return by is not null && until > by.Deadline ? SmtpReply.Syntax("it cannot be held for longer than it may take") : null;
    }

    // RFC 2852 §3: with R no less than what EHLO said. A time that has passed is an earlier host's to tell of (§4).
    private static SmtpReply? RefuseTime(SmtpSession session, ByParameter? by) => by is { Return: true } && by.Seconds < session.Options.MinDeliverBy.TotalSeconds
        ? new(555, "5.5.4", $"delivery takes up to {session.Options.MinDeliverBy.TotalSeconds:0} seconds")
        : null;

    // RFC 8689 §2: only where TLS protects the session, which is where EHLO says so.
    private static SmtpReply? RefuseTls(SmtpSession session, bool required) =>
        required && session.Tls is null ? new(530, "5.7.10", "REQUIRETLS needs a session under TLS") : null;

    // RFC 6710 §4.1: nobody's mail is put before others' on the word of a stranger.
    private static int Allowed(SmtpSession session, int priority) => session.Account is null ? 0 : Math.Min(priority, session.Options.MaxPriority);
}
