using MailKit.Security;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>mpop, which pipelines its commands and logs in by SCRAM-SHA-256.</summary>
[Collection(ClientCollection.Name)]
public sealed class MpopTests(ClientServer server, ITestOutputHelper output)
{
    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.StartTls)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    public Task It_downloads_and_keeps(SecureSocketOptions security) => new DownloadScenario(server, RunAsync).KeepsAsync(security, CorpusMail.ReadForAnyClient(output, "chinese"));

    [Fact]
    public Task It_downloads_and_deletes() => new DownloadScenario(server, RunAsync).DeletesAsync(SecureSocketOptions.StartTls, CorpusMail.ReadForAnyClient(output));

    [Fact]
    public Task Killed_while_it_downloads_it_has_deleted_nothing() => new DownloadScenario(server, RunAsync).DiesAsync();

    private async Task<ClientRun> RunAsync(Download download)
    {
        var configuration = download.Home.Write("mpoprc", $"""
            account default
            host localhost
            port {(download.Security == SecureSocketOptions.SslOnConnect ? server.Process.Pop3s : server.Process.Pop3)}
            user {download.User}
            password {ClientServer.Password}
            auth scram-sha-256
            tls {(download.Security == SecureSocketOptions.None ? "off" : "on")}
            tls_starttls {(download.Security == SecureSocketOptions.StartTls ? "on" : "off")}
            tls_trust_file {server.Certificate}
            keep {(download.Keep ? "on" : "off")}
            uidls_file {download.Home.File("uidls")}
            received_header off
            delivery mda exec {download.Deliver}

            """);
        File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var run = await download.Home.RunAsync("mpop", "--file", configuration, "--debug");
        Assert.True(run.ExitCode is 0 or 137, $"{run.Command} ended with {run.ExitCode}:\n{run.Output}");
        return run;
    }
}
