using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>OfflineIMAP over IMAPS, with an account that others change too. It cannot follow a folder that was renamed elsewhere: it makes the old name anew.</summary>
[Collection(ClientCollection.Name)]
public sealed class OfflineImapTests(ClientServer server, ITestOutputHelper output)
{
    [Fact]
    public async Task An_account_and_its_copy_agree_after_changes_on_both_sides()
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        var configuration = home.Write("offlineimaprc", $"""
            [general]
            accounts = server
            metadata = {home.File("state")}
            ui = basic
            fsync = False

            [Account server]
            localrepository = near
            remoterepository = far

            [Repository near]
            type = Maildir
            localfolders = {home.File("mail")}
            sep = /

            [Repository far]
            type = IMAP
            remotehost = localhost
            remoteport = {server.Process.Imaps}
            remoteuser = {user}
            remotepass = {ClientServer.Password}
            ssl = yes
            sslcacertfile = {server.Certificate}
            maxconnections = 2

            """);
        var local = new Maildir(home.File("mail"), new Random(Seed));

        await new TwoWaySync(server, local, Seed, output).PlayAsync(user, () => home.RunAsync("offlineimap", "-c", configuration, "-o"), changesNames: false);
    }

    private static int Seed { get; } = Environment.TickCount;
}
