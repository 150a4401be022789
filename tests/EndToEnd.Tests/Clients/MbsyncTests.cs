using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>isync's mbsync over IMAPS, with an account that others change too.</summary>
[Collection(ClientCollection.Name)]
public sealed class MbsyncTests(ClientServer server, ITestOutputHelper output)
{
    [Fact]
    public async Task An_account_and_its_copy_agree_after_changes_on_both_sides()
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        Directory.CreateDirectory(home.File("mail"));
        var configuration = home.Write("mbsyncrc", $"""
            IMAPAccount server
            Host localhost
            Port {server.Process.Imaps}
            User {user}
            Pass {ClientServer.Password}
            SSLType IMAPS
            CertificateFile {server.Certificate}

            IMAPStore far
            Account server

            MaildirStore near
            Path {home.File("mail")}/
            Inbox {home.File("mail")}/INBOX
            SubFolders Verbatim

            Channel all
            Far :far:
            Near :near:
            Patterns *
            Create Both
            Remove Both
            Expunge Both
            CopyArrivalDate yes
            SyncState *

            """);
        var local = new Maildir(home.File("mail"), new Random(Seed));

        await new TwoWaySync(server, local, Seed, output).PlayAsync(user, () => home.RunAsync("mbsync", "-c", configuration, "-a"), changesNames: true);
    }

    private static int Seed { get; } = Environment.TickCount;
}
