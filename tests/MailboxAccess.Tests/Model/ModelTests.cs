namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>
/// Random commands from two to four sessions over real sockets beside a plain model of RFC 3501: after each command its session, and without being asked
/// every one that idles, knows what is in its folder. A script that fails is made short and printed.
/// </summary>
public sealed class ModelTests(ImapServer server, DoubtfulImapServer doubtful) : IClassFixture<ImapServer>, IClassFixture<DoubtfulImapServer>
{
    private const int Steps = 80;

    private static readonly int Scripts = int.TryParse(Environment.GetEnvironmentVariable("MAILCLOUD_MODEL_SCRIPTS"), out var scripts) ? scripts : 20;

    [Fact]
    public Task Sessions_agree_with_the_model() => RunAsync(server, Scripts, isCertain: true, step => step);

    /// <summary>What is told without being asked waits for the next renewal when the mailbox's grain was made anew, so nobody idles here; and what was \Recent may be so once more.</summary>
    [Fact]
    public async Task They_do_so_while_the_mailbox_is_made_anew_again_and_again()
    {
        await RunAsync(doubtful, (Scripts + 1) / 2, isCertain: false, step => step.Command == ModelCommand.Idle ? step with { Command = ModelCommand.Noop } : step);
        Assert.True(DoubtfulImapServer.Faults > 0);
    }

    private static async Task RunAsync(ImapServer server, int scripts, bool isCertain, Func<ModelStep, ModelStep> change)
    {
        for (var seed = 1; seed <= scripts; seed++)
        {
            IReadOnlyList<ModelStep> script = [.. ModelStep.Random(seed, Steps).Select(change)];
            if (await ModelRun.RunAsync(server, script, isCertain) is { } failure)
            {
                var shortest = await Shrinker.ShrinkAsync(script, async steps => await ModelRun.RunAsync(server, steps, isCertain) is not null);
                Assert.Fail($"seed {seed}: {await ModelRun.RunAsync(server, shortest, isCertain) ?? failure}");
            }
        }
    }
}
