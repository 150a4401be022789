namespace MailCloud.Web.Jmap;

/// <summary>
/// oldState and newState of a /set that the mailbox takes in several steps. Where others changed the mailbox in between, the old state is told as unknown (RFC 8620 §5.3): a client that took the new one
/// for the old one with its own changes would never hear of theirs.
/// </summary>
internal sealed class SetStates
{
    private long? old;
    private long latest;
    private bool interrupted;

    /// <summary>Null: not known.</summary>
    public string? Old => interrupted || old is null ? null : JmapState.Text(old.Value);

    public string New => JmapState.Text(latest);

    /// <summary>Something was changed.</summary>
    public bool Changed { get; private set; }

    /// <summary>The next step found the mailbox at one modseq and left it at another.</summary>
    public void Add(long before, long after)
    {
        interrupted |= old is not null && before != latest;
        old ??= before;
        latest = after;
        Changed |= after != before;
    }
}
