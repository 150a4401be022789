using System.Net;
using System.Text;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A password that is changed through the admin API is another one at once, at every edge, though the old one was verified a moment ago.</summary>
public sealed class ChangedPasswordTests
{
    [Fact]
    public async Task The_old_password_is_refused_at_once_and_the_new_one_works()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 23800);
        await ExpectAsync(server, "mailcloud", isRight: true);
        await ExpectAsync(server, "mailcloud", isRight: true);

        using var admin = server.Admin();
        using var change = new StringContent("""{"password":"another one"}""", Encoding.UTF8, "application/json");
        using var answer = await admin.PutAsync(new Uri("/admin/v1/addresses/alice@example.test", UriKind.Relative), change);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await ExpectAsync(server, "mailcloud", isRight: false);
        await ExpectAsync(server, "another one", isRight: true);
        Directory.Delete(data, recursive: true);
    }

    private static async Task ExpectAsync(ServerProcess server, string password, bool isRight)
    {
        await ExpectAsync(isRight, async () =>
        {
            using var client = new ImapClient();
            await client.ConnectAsync("127.0.0.1", server.Imap, SecureSocketOptions.None);
            await client.AuthenticateAsync(Plain(password));
        });
        await ExpectAsync(isRight, async () =>
        {
            using var client = new Pop3Client();
            await client.ConnectAsync("127.0.0.1", 2110 + server.Offset, SecureSocketOptions.None);
            await client.AuthenticateAsync(Plain(password));
            await client.DisconnectAsync(quit: true);
        });
        await ExpectAsync(isRight, async () =>
        {
            using var client = new SmtpClient();
            await client.ConnectAsync("127.0.0.1", server.Submission, SecureSocketOptions.None);
            await client.AuthenticateAsync(Plain(password));
        });
    }

    private static SaslMechanismPlain Plain(string password) => new("alice@example.test", password);

    private static async Task ExpectAsync(bool isRight, Func<Task> logIn)
    {
        if (isRight)
        {
            await logIn();
        }
        else
        {
            await Assert.ThrowsAsync<AuthenticationException>(logIn);
        }
    }
}
