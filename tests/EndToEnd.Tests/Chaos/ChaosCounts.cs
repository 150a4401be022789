using MailCloud.EndToEnd.Tests.Crash;

namespace MailCloud.EndToEnd.Tests.Chaos;

/// <summary>The result of a run on a cluster, printed whole.</summary>
/// <param name="Mail">What was promised of messages, changes and deletions, and what is there.</param>
internal sealed record ChaosCounts(CrashCounts Mail)
{
    public int Sessions { get; init; }

    /// <summary>Sessions that ended with the edge that was killed or ended: allowed.</summary>
    public int SessionsLostWithEdge { get; init; }

    /// <summary>Sessions that their client gave up though their edge lived, after an answer such as NO [UNAVAILABLE] that it could not go on with: allowed.</summary>
    public int SessionsGivenUp { get; init; }

    /// <summary>Sessions that ended though their edge lived.</summary>
    public int SessionsDropped { get; init; }

    /// <summary>Entries that were set aside: all of the mail is healthy.</summary>
    public int Parked { get; init; }

    /// <summary>1: mail waited still when the time for it was over.</summary>
    public int NotDrained { get; init; }

    /// <summary>Mailboxes that could not be read, or not by one of their clients, in the time for it. Of these, all mail counts as lost.</summary>
    public int Unreadable { get; init; }

    public int Violations => Mail.Violations + SessionsDropped + Parked + NotDrained + Unreadable;
}
