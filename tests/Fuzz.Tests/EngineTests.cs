using MailCloud.Fuzz.Engine;

namespace MailCloud.Fuzz.Tests;

/// <summary>A fuzzer that finds nothing must be one that would.</summary>
public sealed class EngineTests
{
    [Fact]
    public void A_broken_rule_is_found_and_shortened()
    {
        var target = new FuzzTarget("broken", input => OracleException.ThrowIf(input.Span.IndexOf("\r\n.\r\n"u8) >= 0, "no dot alone"));
        var execution = new Execution(target);
        var dice = new Dice(1);
        var mutator = new Mutator(dice, target);
        byte[] parent = [.. "Subject: a\r\n\r\nb\r\n"u8];
        Finding? found = null;
        for (var i = 0; i < 10_000 && found is null; i++)
        {
            found = execution.Run(mutator.Mutate(parent, parent));
        }

        Assert.NotNull(found);
        Assert.Equal("\r\n.\r\n"u8.ToArray(), Minimiser.Shorten(found, execution.Run).Input);
    }

    [Fact]
    public void Too_much_memory_is_found()
    {
        var target = new FuzzTarget("hungry", static input => GC.KeepAlive(new byte[input.Length * 10_000]));
        Assert.Null(new Execution(target).Run(new byte[1]));
        Assert.Equal("allocation", new Execution(target).Run(new byte[100])?.Kind);
    }

    [Fact]
    public void A_grown_input_repeats_a_piece_and_has_the_length_it_may_have()
    {
        var target = new FuzzTarget("grown", static _ => { });
        var grown = new Mutator(new(1), target).Grow("abc"u8);
        Assert.InRange(grown.Length, target.GrownLength - 9, target.GrownLength);
    }

    [Fact]
    public void Random_numbers_are_the_same_everywhere()
    {
        // The first numbers of splitmix64 for the seed 1234567, as its authors' programs give them.
        var dice = new Dice(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [dice.Next(), dice.Next(), dice.Next()]);
    }
}
