namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Which POP3 session has the maildrop (RFC 1939 §4: one at a time). In memory only: a mailbox made anew gives it to whoever comes first, and the session that had it
/// renews it like any other. So two sessions may each believe for a moment that they have it; who removes messages must have it then (<see cref="TryHold"/>).
/// </summary>
internal sealed class MaildropLease(TimeProvider time)
{
    /// <summary>An edge renews it four times as often; what a killed edge held is free after this.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private Guid? holder;
    private DateTimeOffset until;

    /// <summary>The session that has it now; null when it is free.</summary>
    public Guid? Holder => until > time.GetUtcNow() ? holder : null;

    /// <summary>Takes it, or renews it. False: another session has it.</summary>
    public bool TryHold(Guid session)
    {
        if (Holder is { } other && other != session)
        {
            return false;
        }

        (holder, until) = (session, time.GetUtcNow() + Lifetime);
        return true;
    }

    public void Release(Guid session)
    {
        if (holder == session)
        {
            holder = null;
        }
    }
}
