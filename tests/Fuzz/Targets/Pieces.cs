using System.Buffers;
using System.IO.Pipelines;
using MailCloud.Fuzz.Engine;
using MailCloud.Wire;

namespace MailCloud.Fuzz.Targets;

/// <summary>A connection on which an input comes in pieces, all of it there when it is asked for: no wait ever waits.</summary>
internal sealed class Pieces : PipeReader
{
    private readonly Segment first;
    private readonly Segment last;
    private readonly long length;
    private SequencePosition consumed;
    private Segment arrived;
    private long arrivedLength;
    private bool examinedAll = true;

    private Pieces(Segment first, Segment last)
    {
        (this.first, this.last) = (first, last);
        length = last.RunningIndex + last.Memory.Length;
        arrived = first;
        consumed = new(first, 0);
    }

    /// <summary>In one piece.</summary>
    public static Pieces Whole(ReadOnlyMemory<byte> input)
    {
        var start = Segment.Empty();
        return new(start, start.Append(input));
    }

    /// <summary>In pieces whose sizes the input itself decides, so that it fails again when it has failed.</summary>
    public static Pieces Cut(ReadOnlyMemory<byte> input)
    {
        var dice = DiceOf(input.Span);
        var largest = 1 << dice.Below(7);
        var start = Segment.Empty();
        var end = start;
        while (!input.IsEmpty)
        {
            var size = Math.Min(input.Length, 1 + dice.Below(largest));
            end = end.Append(input[..size]);
            input = input[size..];
        }

        return new(start, end);
    }

    public static Dice DiceOf(ReadOnlySpan<byte> input)
    {
        var hash = (ulong)input.Length;
        foreach (var octet in input[..Math.Min(input.Length, 32)])
        {
            hash = (hash * 31) + octet;
        }

        return new(hash);
    }

    public static TimedReader Reader(Pieces pieces) => new(pieces, StoppedClock.Instance);

    /// <summary>What nobody has taken.</summary>
    public byte[] Rest() => new ReadOnlySequence<byte>((ReadOnlySequenceSegment<byte>)consumed.GetObject()!, consumed.GetInteger(), last, last.Memory.Length).ToArray();

    public override bool TryRead(out ReadResult result)
    {
        var ready = !examinedAll || arrivedLength == length;
        result = ready ? Result() : default;
        return ready;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // Sometimes two pieces at once, so that what is read has several segments.
        for (var more = 1 + (int)(arrivedLength & 1); more > 0 && arrivedLength < length; more--)
        {
            arrived = arrived.Following!;
            arrivedLength += arrived.Memory.Length;
        }

        return ValueTask.FromResult(Result());
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        this.consumed = consumed;
        examinedAll = PlaceOf(examined) == arrivedLength;
    }

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    private static long PlaceOf(SequencePosition position) => ((Segment)position.GetObject()!).RunningIndex + position.GetInteger();

    private ReadResult Result() => new(
        new((ReadOnlySequenceSegment<byte>)consumed.GetObject()!, consumed.GetInteger(), arrived, arrived.Memory.Length), isCanceled: false, isCompleted: arrivedLength == length);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment? Following => (Segment?)Next;

        public static Segment Empty() => new();

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment { Memory = memory, RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }

    /// <summary>Nothing is ever late.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public static readonly StoppedClock Instance = new();

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}

/// <summary>All waits are over when they begin: an answer that is not there at once is a fault of the oracle.</summary>
internal static class AtOnce
{
    public static T Get<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("the input is there and the parser waits");

    public static void Get(ValueTask task)
    {
        if (!task.IsCompleted)
        {
            throw new InvalidOperationException("the input is there and the parser waits");
        }

        task.GetAwaiter().GetResult();
    }
}
