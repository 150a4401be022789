using MailKit.Security;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>getmail, in clear and over POP3S.</summary>
[Collection(ClientCollection.Name)]
public sealed class GetmailTests(ClientServer server, ITestOutputHelper output)
{
    // It makes one of the Return-Path that it finds, which these messages have not.
    private const string Puts = "Return-Path: <unknown>\n";

    // It waits for ever for a command that ends before it has begun to wait (6.18.11): the command lets it fall asleep first, or be gone.
    private const string BeforeEnd = "while grep -qs '^State:.R' /proc/$PPID/status; do :; done";

    private DownloadScenario Scenario => new(server, RunAsync, Puts, BeforeEnd);

    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    public Task It_downloads_and_keeps(SecureSocketOptions security) => Scenario.KeepsAsync(security, CorpusMail.ReadForAnyClient(output, "chinese"));

    [Fact]
    public Task It_downloads_and_deletes() => Scenario.DeletesAsync(SecureSocketOptions.SslOnConnect, CorpusMail.ReadForAnyClient(output, "chinese"));

    [Fact]
    public Task Killed_while_it_downloads_it_has_deleted_nothing() => Scenario.DiesAsync();

    private async Task<ClientRun> RunAsync(Download download)
    {
        var secured = download.Security == SecureSocketOptions.SslOnConnect;
        var configuration = download.Home.Write("getmailrc", $"""
            [retriever]
            type = SimplePOP3{(secured ? "SSL" : "")}Retriever
            server = localhost
            port = {(secured ? server.Process.Pop3s : server.Process.Pop3)}
            username = {download.User}
            password = {ClientServer.Password}
            {(secured ? $"ca_certs = {server.Certificate}" : "")}

            [destination]
            type = MDA_external
            path = {download.Deliver}
            unixfrom = false
            allow_root_commands = true

            [options]
            read_all = false
            delete = {!download.Keep}
            received = false
            delivered_to = false
            verbose = 2

            """);
        var run = await download.Home.RunAsync("getmail", "--getmaildir", download.Home.Path, "--rcfile", configuration);
        Assert.True(run.ExitCode is 0 or 137, $"{run.Command} ended with {run.ExitCode}:\n{run.Output}");
        return run;
    }
}
