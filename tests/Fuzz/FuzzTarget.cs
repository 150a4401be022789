namespace MailCloud.Fuzz;

/// <summary>Gives a parser an input and compares what comes with what must come. Any exception that leaves it is a finding.</summary>
internal delegate void Oracle(ReadOnlyMemory<byte> input);

/// <param name="Name">Of the parser, and of its folder of inputs.</param>
/// <param name="Check">What must hold.</param>
internal sealed record FuzzTarget(string Name, Oracle Check)
{
    /// <summary>Octets of an input. Short ones are tried more often in the same time; what grows with the length is tried apart, see <see cref="GrownLength"/>.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Octets of the few inputs that repeat a short one, which must cost in proportion.</summary>
    public int GrownLength { get; init; } = 64 * 1024;

    /// <summary>Octets allocated per octet of input, the oracle's own work included; on top of <see cref="FixedAllocation"/>.</summary>
    public int AllocationPerOctet { get; init; } = 400;

    public int FixedAllocation { get; init; } = 256 * 1024;

    /// <summary>Words of the grammar.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>Inputs to begin with, beside the kept ones.</summary>
    public Func<Seeds, IEnumerable<byte[]>> Seeds { get; init; } = _ => [];
}

/// <summary>A parser's answer is not what it must be.</summary>
internal sealed class OracleException(string message) : Exception(message)
{
    public static void ThrowIf(bool broken, string rule)
    {
        if (broken)
        {
            throw new OracleException(rule);
        }
    }
}
