namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>
/// Random commands from two to four sessions over real sockets beside a plain model of RFC 3501: after each command its session, and without being asked
/// every one that idles, knows what is in its folder. A script that fails is made short and printed.
/// </summary>
public sealed class ModelTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const int Steps = 80;

    private static readonly int Scripts = int.TryParse(Environment.GetEnvironmentVariable("MAILCLOUD_MODEL_SCRIPTS"), out var scripts) ? scripts : 20;

    [Fact]
    public async Task Sessions_agree_with_the_model()
    {
        for (var seed = 1; seed <= Scripts; seed++)
        {
            var script = ModelStep.Random(seed, Steps);
            if (await ModelRun.RunAsync(server, script) is not null)
            {
                var shortest = await Shrinker.ShrinkAsync(script, async steps => await ModelRun.RunAsync(server, steps) is not null);
                Assert.Fail($"seed {seed}: {await ModelRun.RunAsync(server, shortest)}");
            }
        }
    }
}
