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

    /// <summary>Takes it, or renews it. False: another session has it.</summary>
    public bool TryHold(Guid session)
    {
        var now = time.GetUtcNow();
        if (holder is not null && holder != session && until > now)
        {
            return false;
        }

        (holder, until) = (session, now + Lifetime);
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
