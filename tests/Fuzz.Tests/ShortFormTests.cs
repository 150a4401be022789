using MailCloud.Fuzz.Engine;

namespace MailCloud.Fuzz.Tests;

/// <summary>The short form of every fuzzer: all kept inputs, and a few thousand made from them, the same each time.</summary>
public sealed class ShortFormTests
{
    private const int Executions = 5000;

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Kept_inputs_and_seeds_break_no_rule(string name)
    {
        var target = Find(name);
        var execution = new Execution(target);
        SetUp(execution, target);
        Assert.All(Inputs(target), input => Assert.Null(execution.Run(input)?.Description));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Inputs_made_from_them_break_no_rule(string name)
    {
        var target = Find(name);
        var execution = new Execution(target);
        SetUp(execution, target);
        var dice = new Dice(20);
        var mutator = new Mutator(dice, target);
        var inputs = Inputs(target);
        for (var i = 0; i < Executions; i++)
        {
            var input = mutator.Mutate(inputs[dice.Below(inputs.Count)], inputs[dice.Below(inputs.Count)]);
            Assert.Null(execution.Run(input)?.Description);
        }
    }

    // What is made on first use is no input's cost.
    private static void SetUp(Execution execution, FuzzTarget target)
    {
        foreach (var input in Inputs(target))
        {
            execution.Run(input);
        }
    }

    private static FuzzTarget Find(string name) => FuzzTargets.All.Single(t => t.Name == name);

    private static IReadOnlyList<byte[]> Inputs(FuzzTarget target) =>
        [[], .. new InputFolder(Repository.Inputs, target).Read(), .. target.Seeds(new(Repository.Root, corpus: null)).Where(s => s.Length <= target.MaxLength)];
}
