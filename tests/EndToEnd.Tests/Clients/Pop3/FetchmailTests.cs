using MailKit.Security;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>fetchmail, which gives messages to an MDA.</summary>
[Collection(ClientCollection.Name)]
public sealed class FetchmailTests(ClientServer server, ITestOutputHelper output)
{
    /// <summary>fetchmail(1), exit codes: there was mail, there was none, and the mailbox is in use.</summary>
    private const int Mail = 0, NoMail = 1, LockBusy = 9;

    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.StartTls)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    public Task It_downloads_and_keeps(SecureSocketOptions security) => new DownloadScenario(server, RunAsync).KeepsAsync(security, CorpusMail.ReadForAnyClient(output, "chinese"));

    // Not the whole corpus: it refuses messages whose header it cannot read.
    [Fact]
    public Task It_downloads_and_deletes() => new DownloadScenario(server, RunAsync).DeletesAsync(SecureSocketOptions.None, CorpusMail.ReadForAnyClient(output, "notmuch"));

    [Fact]
    public Task Killed_while_it_downloads_it_has_deleted_nothing() => new DownloadScenario(server, RunAsync).DiesAsync();

    [Fact]
    public async Task It_hears_that_another_has_the_maildrop()
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        using var other = await server.ConnectPop3Async();
        await other.AuthenticateAsync(user, ClientServer.Password);
        var download = new Download(home, user, SecureSocketOptions.None, Keep: true, "/bin/false");

        Assert.Equal(LockBusy, (await FetchAsync(download)).ExitCode);
        await other.DisconnectAsync(quit: true);
        Assert.Equal(NoMail, (await FetchAsync(download)).ExitCode);
    }

    private async Task<ClientRun> RunAsync(Download download)
    {
        var run = await FetchAsync(download);
        Assert.True(run.ExitCode is Mail or NoMail or 137, $"{run.Command} ended with {run.ExitCode}:\n{run.Output}");
        return run;
    }

    private Task<ClientRun> FetchAsync(Download download)
    {
        var port = download.Security == SecureSocketOptions.SslOnConnect ? server.Process.Pop3s : server.Process.Pop3;
        var security = download.Security switch
        {
            SecureSocketOptions.None => "sslproto ''",
            SecureSocketOptions.StartTls => $"sslproto 'TLS1.2+' sslcertck sslcertfile '{server.Certificate}'",
            _ => $"ssl sslproto 'TLS1.2+' sslcertck sslcertfile '{server.Certificate}'",
        };
        var configuration = download.Home.Write("fetchmailrc", $"""
            set invisible
            poll localhost protocol POP3 port {port} uidl
              user '{download.User}' password '{ClientServer.Password}'
              {security}
              {(download.Keep ? "keep" : "nokeep fetchall")} no rewrite
              mda 'exec {download.Deliver}'

            """);
        File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return download.Home.RunAsync("fetchmail", "--verbose", "--nosyslog", "--fetchmailrc", configuration);
    }
}
