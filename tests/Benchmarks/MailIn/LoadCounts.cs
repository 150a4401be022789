namespace MailCloud.Benchmarks.MailIn;

/// <summary>What the sessions of one load saw. Per mailbox, so that the filed messages can be compared exactly.</summary>
internal sealed class LoadCounts(int mailboxes)
{
    /// <summary>250s after the final dot, by mailbox number.</summary>
    public int[] Accepted { get; } = new int[mailboxes];

    /// <summary>Connections lost between the final dot and its reply: filed or not, nobody was promised anything.</summary>
    public int[] Doubtful { get; } = new int[mailboxes];

    private long refused;
    private string? firstRefusal;

    public long Refused => Interlocked.Read(ref refused);
    public string? FirstRefusal => firstRefusal;
    public long TotalAccepted => Accepted.Sum(n => (long)Volatile.Read(ref n));
    public long TotalDoubtful => Doubtful.Sum(n => (long)n);

    public void Accept(int mailbox) => Interlocked.Increment(ref Accepted[mailbox]);

    public void Doubt(int mailbox) => Interlocked.Increment(ref Doubtful[mailbox]);

    public void Refuse(string reply)
    {
        Interlocked.Increment(ref refused);
        Interlocked.CompareExchange(ref firstRefusal, reply, null);
    }
}
