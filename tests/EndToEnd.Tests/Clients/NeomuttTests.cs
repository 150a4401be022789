using System.Text;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>neomutt with keys pushed to it, on a terminal that script(1) makes: it opens a folder, reads, saves a copy, flags, deletes, and writes the folder back.</summary>
[Collection(ClientCollection.Name)]
public sealed class NeomuttTests(ClientServer server)
{
    private const string Folder = "中文夹";

    [Fact]
    public async Task It_reads_saves_flags_deletes_and_syncs()
    {
        var user = await server.NewAccountAsync();
        var messages = new[] { "read", "copy", "flag", "delete", "stay" }.Select((id, i) => TestMessage.Create(id, new Random(i))).ToArray();
        await FillAsync(user, messages);
        using var home = new ClientFolder();
        var configuration = home.Write("muttrc", $"""
            set folder = "imaps://{user.Replace("@", "%40", StringComparison.Ordinal)}@localhost:{server.Process.Imaps}/"
            set spoolfile = "+INBOX"
            set imap_pass = "{ClientServer.Password}"
            set ssl_force_tls = yes
            set certificate_file = "{server.Certificate}"
            set charset = utf-8
            set config_charset = utf-8
            set quit = yes
            set delete = yes
            set confirmappend = no
            set confirmcreate = no
            set wait_key = no
            set pipe_decode = no
            set mark_old = no
            set sort = mailbox-order

            """);
        string[] keys =
        [
            $"<first-entry><display-message><exit><pipe-message>cat > {home.File("read")}<enter>",
            Only("copy") + "<copy-message>=Archive/2026<enter>",
            Only("flag") + "<flag-message>",
            Only("delete") + "<delete-message>",
            "<limit>all<enter><sync-mailbox><quit>",
        ];
        var script = home.Write("run", $"exec neomutt -F {configuration} -f '={Folder}' -e 'push \"{string.Concat(keys)}\"'\n");
        var run = (await home.RunAsync("script", "-qec", $"sh {script}", home.File("typescript"))).MustSucceed();

        Assert.True(File.Exists(home.File("read")), run.Output);
        Assert.Equal(TestMessage.Digest(messages[0]), TestMessage.Digest(await File.ReadAllBytesAsync(home.File("read"))));
        var copies = await AccountContents.ReadAsync(server, user);
        MessageCopy[] expected = [new(Folder, "read", "S", ""), new(Folder, "copy", "", ""), new(Folder, "flag", "F", ""), new(Folder, "stay", "", ""), new("Archive/2026", "copy", "", "")];
        Assert.Equal(
            expected.Select(c => $"{c.Folder} {c.Id} {c.Flags}").Order(StringComparer.Ordinal),
            copies.Select(c => $"{c.Folder} {c.Id} {c.Flags}").Order(StringComparer.Ordinal));
        Assert.Single(copies.Where(c => c.Id == "copy").Select(c => c.Digest).Distinct());
    }

    private static string Only(string id) => $"<limit>~i {id}@client<enter>";

    private async Task FillAsync(string user, byte[][] messages)
    {
        using var client = await server.ConnectAsync(user);
        var folder = await client.GetFolder(client.PersonalNamespaces[0]).CreateAsync(Folder, isMessageFolder: true);
        foreach (var octets in messages)
        {
            using var stream = new MemoryStream(octets);
            using var message = await MimeMessage.LoadAsync(stream);
            await folder!.AppendAsync(new MailKit.AppendRequest(message));
        }

        await client.DisconnectAsync(quit: true);
    }
}
