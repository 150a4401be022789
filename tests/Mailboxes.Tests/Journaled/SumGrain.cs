using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Journaled;

/// <summary>The smallest journaled grain: a sum, to which it cannot add a negative number.</summary>
[Alias("mc.test.ISumGrain")]
public interface ISumGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task<int> AddAsync(params int[] numbers);
}

internal sealed class SumGrain(GrainStorage storage) : SnapshotGrain<SumState, NumberAdded>(storage), ISumGrain
{
    protected override string JournalName => $"sum/{this.GetPrimaryKeyString()}";

    public async Task<int> AddAsync(params int[] numbers)
    {
        foreach (var number in numbers)
        {
            Record(new(number));
        }

        var sum = State.Sum;
        await Durable();
        return sum;
    }

    protected override void Apply(SumState state, NumberAdded recorded)
    {
        state.Sum += recorded.Number;
        ArgumentOutOfRangeException.ThrowIfNegative(recorded.Number);
    }
}

[GenerateSerializer, Immutable, Alias("mc.test.NumberAdded")]
internal sealed record NumberAdded([property: Id(0)] int Number) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.test.SumState")]
internal sealed record SumState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public int Sum { get; set; }
}
