using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>A JMAP client that nobody here wrote: jmap-jam, as a script has it send a mail from one account to the other (<c>jam.mjs</c>).</summary>
public sealed class JamTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_mail_goes_from_one_account_to_the_other()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 16900);
        var said = await MailClients.RunAsync(
            "env", $"NODE_TOOLS={Path.Combine(ServerProcess.RepositoryRoot, "tests", ".tools")}", "timeout", "120", "node", Path.Combine(AppContext.BaseDirectory, "Jmap", "jam.mjs"),
            $"http://127.0.0.1:{server.Http}", "alice@example.test", "mailcloud", "bob@example.test", "mailcloud");
        output.WriteLine(said);
        Assert.EndsWith("done\n", said, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }
}
