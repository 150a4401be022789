namespace MailCloud.Wire;

/// <summary>How slowly a peer may send a message or a literal.</summary>
/// <param name="Wait">The longest pause, and the time given before the rate counts (RFC 5321 §4.5.3.2.5: 3 minutes for a block of DATA).</param>
/// <param name="OctetsPerSecond">The lowest rate over the whole; 0 is no such limit.</param>
public readonly record struct ReadPace(TimeSpan Wait, int OctetsPerSecond)
{
    /// <summary>Until when the next octets must come, of a transfer that began at <paramref name="started"/> and has had so many.</summary>
    internal long Deadline(TimedReader input, long started, long octets)
    {
        var pause = input.DeadlineAfter(Wait);
        return OctetsPerSecond == 0
            ? pause
            : Math.Min(pause, started + input.Ticks(Wait + TimeSpan.FromSeconds((double)octets / OctetsPerSecond)));
    }
}

/// <summary>Takes the next octets of a message; they are valid until the returned task ends. Reading goes on only then, which is the back pressure.</summary>
public delegate ValueTask PieceSink(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken);
