using System.Text;

namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>Random scripts for the view: the real one keeps to the model, and each of ten faults in a copy of it is found by the same scripts.</summary>
public sealed class ViewModelTests
{
    private const int Steps = 120;

    private static readonly int Scripts = int.TryParse(Environment.GetEnvironmentVariable("MAILCLOUD_MODEL_SCRIPTS"), out var scripts) ? scripts * 20 : 400;

    public static TheoryData<string> Faults() => [.. Enum.GetNames<ViewFault>().Where(name => name != nameof(ViewFault.None))];

    [Fact]
    public void There_are_ten_faults() => Assert.Equal(10, Enum.GetValues<ViewFault>().Count(fault => fault != ViewFault.None));

    [Fact]
    public async Task The_view_keeps_to_the_model() => Assert.Null(await FindAsync(ViewUnderTest.Real));

    [Fact]
    public async Task The_copy_without_a_fault_keeps_to_the_model() => Assert.Null(await FindAsync(() => ViewUnderTest.Faulty(ViewFault.None)));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_is_found(string fault)
    {
        var found = await FindAsync(() => ViewUnderTest.Faulty(Enum.Parse<ViewFault>(fault)));
        Assert.NotNull(found);
        Assert.InRange(found.Count(c => c == '\n'), 2, 20);
    }

    [Fact]
    public void The_copy_is_the_view_but_for_its_faults()
    {
        var real = Source("MailboxView.cs");
        var copy = Source("FaultyView.cs");
        var lines = copy[..copy.IndexOf("/// <summary>What the copy does wrong", StringComparison.Ordinal)].Split('\n').Where(line => !line.TrimEnd().EndsWith("// fault", StringComparison.Ordinal));
        var withoutFaults = string.Join('\n', lines).Replace("FaultyView", "MailboxView", StringComparison.Ordinal)
            .Replace("MailCloud.MailboxAccess.Tests.Model", "MailCloud.MailboxAccess.Imap", StringComparison.Ordinal);
        Assert.Equal(real[..real.IndexOf("/// <summary>What a client must be told", StringComparison.Ordinal)].TrimEnd(), withoutFaults.TrimEnd());
    }

    /// <summary>The first script that fails, made short and described; null when none does.</summary>
    private static async Task<string?> FindAsync(Func<ViewUnderTest> view)
    {
        for (var seed = 1; seed <= Scripts; seed++)
        {
            var script = ViewScript.Random(seed, Steps);
            if (ViewScript.Run(script, view()) is not null)
            {
                var shortest = await Shrinker.ShrinkAsync(script, steps => Task.FromResult(ViewScript.Run(steps, view()) is not null));
                return $"seed {seed}: {ViewScript.Run(shortest, view())}\n{string.Join('\n', shortest)}";
            }
        }

        return null;
    }

    private static string Source(string name)
    {
        using var stream = typeof(ViewModelTests).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
