namespace MailCloud.Credentials.Guessing;

/// <summary>What one key (an account, a network, both together) has done wrong lately. Times count from the start of the process.</summary>
internal sealed class Strikes
{
    /// <summary>Wrong passwords that are known again when they are repeated; Dovecot's penalty remembers ten.</summary>
    private const int MaxSeen = 4;

    private int count;
    private TimeSpan asOf;
    private TimeSpan lineEnd;
    private List<Guess>? seen;

    /// <summary>Strikes that are not forgotten yet.</summary>
    public int CountAt(TimeSpan now, StrikeRule rule)
    {
        var forgotten = Math.Min(count, (int)Math.Min((now - asOf) / rule.ForgetsEvery, int.MaxValue));
        count -= forgotten;
        asOf = count == 0 ? now : asOf + (rule.ForgetsEvery * forgotten);
        return count;
    }

    public void Add(TimeSpan now, StrikeRule rule) => count = Math.Min(CountAt(now, rule) + 1, rule.Most);

    /// <summary>Takes strikes back: what was no guess after all.</summary>
    public void TakeBack(TimeSpan now, StrikeRule rule, int atMost) => count = Math.Clamp(CountAt(now, rule) - 1, 0, atMost);

    /// <summary>The delay of an attempt that comes now, whoever else waits.</summary>
    public TimeSpan DelayAt(TimeSpan now, StrikeRule rule) => rule.DelayAfter(CountAt(now, rule));

    /// <summary>The wait of an attempt that comes now and stands behind those that wait already.</summary>
    public TimeSpan WaitAt(TimeSpan now, StrikeRule rule)
    {
        var delay = DelayAt(now, rule);
        return delay == TimeSpan.Zero || lineEnd <= now ? delay : lineEnd - now + delay;
    }

    /// <summary>The line is that long now. It stays so when the client leaves: going away is no way to guess faster.</summary>
    public void StandInLine(TimeSpan now, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            lineEnd = now + wait;
        }
    }

    public Guess? Find(ulong? digest) => seen?.Find(g => g.Digest == digest);

    public Guess? Remember(ulong? digest)
    {
        if (digest is null)
        {
            return null;
        }

        seen ??= new(1);
        if (seen.Count == MaxSeen)
        {
            seen.RemoveAt(0);
        }

        var guess = new Guess(digest.Value);
        seen.Add(guess);
        return guess;
    }

    public void Forget(Guess? guess)
    {
        if (guess is not null)
        {
            seen?.Remove(guess);
        }
    }

    /// <summary>A password that was tried: by its keyed hash, of which there is no way back to it.</summary>
    internal sealed class Guess(ulong digest)
    {
        public ulong Digest => digest;

        /// <summary>It was checked and is wrong; before, it waits for its check.</summary>
        public bool IsWrong { get; set; }
    }
}
