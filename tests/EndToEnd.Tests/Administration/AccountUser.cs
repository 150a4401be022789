using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Administration;

/// <summary>Who has an account: logs in by each protocol, writes and reads.</summary>
internal sealed class AccountUser(ServerProcess server, string address, string password = AccountUser.Password)
{
    /// <summary>Of every account of these tests.</summary>
    public const string Password = "imported-secret";

    /// <summary>The password's, made with crypt(3) of libxcrypt.</summary>
    public const string Verifier = "{SHA512-CRYPT}$6$Zx81kWqPeLsT0aBv$Spwf85iihQtztYqJVMa0uLE0PGS.fYiWoiRUBa1z.V9miaSkc74fWHsiCb6IMZGLjHoVl1CZ2V/wsRloljaK/1";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public string Address => address;

    public async Task LogsInAsync()
    {
        foreach (var logIn in Logins)
        {
            await logIn();
        }
    }

    public async Task LogsInNowhereAsync()
    {
        foreach (var logIn in Logins)
        {
            await Assert.ThrowsAsync<AuthenticationException>(logIn);
        }
    }

    public async Task<ImapClient> OpenAsync()
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", server.Imap, SecureSocketOptions.None);
        await client.AuthenticateAsync(Plain);
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        return client;
    }

    /// <summary>Returns when INBOX has these subjects, in the order in which they came, and nothing else.</summary>
    public async Task HasAsync(params string[] subjects)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var client = await OpenAsync();
        while (client.Inbox.Count < subjects.Length)
        {
            await client.NoOpAsync(limit.Token);
        }

        var summaries = await client.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope, limit.Token);
        Assert.Equal(subjects, summaries.Select(summary => summary.Envelope!.Subject));
    }

    /// <summary>Submits a message.</summary>
    /// <param name="from">Sends as this one and not as itself.</param>
    public async Task SubmitAsync(string to, string subject, string? from = null)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", server.Submission, SecureSocketOptions.None);
        await client.AuthenticateAsync(Plain);
        await client.SendAsync(Message(from ?? address, to, subject));
        await client.DisconnectAsync(quit: true);
    }

    /// <summary>Submits a message that is to leave in an hour (RFC 4865).</summary>
    public async Task SubmitForLaterAsync(string to)
    {
        using var client = new DialogClient();
        await client.ConnectAsync("127.0.0.1", server.Submission, SecureSocketOptions.None);
        await client.AuthenticateAsync(Plain);
        foreach (var command in new[] { $"MAIL FROM:<{address}> HOLDFOR=3600", $"RCPT TO:<{to}>", "DATA", $"From: <{address}>\r\nMessage-ID: <later.{address}>\r\nSubject: later\r\n\r\nhello\r\n." })
        {
            Assert.InRange((int)(await client.SayAsync(command)).StatusCode, 250, 354);
        }

        await client.DisconnectAsync(quit: true);
    }

    /// <returns>The refusal; null when it was accepted.</returns>
    public async Task<SmtpCommandException?> TrySubmitAsync(string to, string subject)
    {
        try
        {
            await SubmitAsync(to, subject);
            return null;
        }
        catch (SmtpCommandException e)
        {
            return e;
        }
    }

    /// <summary>The reply that refuses a message which the account submits.</summary>
    public Task<SmtpCommandException> RefusedAsync(string to, string? from = null) => Assert.ThrowsAsync<SmtpCommandException>(() => SubmitAsync(to, "refused", from));

    /// <summary>Somebody elsewhere writes to it.</summary>
    public async Task GetsAsync(string subject)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", server.Smtp, SecureSocketOptions.None);
        await client.SendAsync(Message("somebody@elsewhere.test", address, subject));
        await client.DisconnectAsync(quit: true);
    }

    /// <summary>Mail for it is refused with this code and enhanced status.</summary>
    public async Task GetsNothingAsync(SmtpStatusCode code, string status)
    {
        var refusal = await Assert.ThrowsAsync<SmtpCommandException>(() => GetsAsync("refused"));
        Assert.Equal(code, refusal.StatusCode);
        Assert.StartsWith(status, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Returns when the server has ended a session, whoever noticed it.</summary>
    public static async Task EndsAsync(ImapClient session)
    {
        using var limit = new CancellationTokenSource(Patience);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (!limit.IsCancellationRequested)
            {
                await session.NoOpAsync(limit.Token);
            }
        });
        Assert.False(limit.IsCancellationRequested);
    }

    private SaslMechanismPlain Plain => new(address, password);

    private Func<Task>[] Logins =>
    [
        async () =>
        {
            using var client = await OpenAsync();
            await client.DisconnectAsync(quit: true);
        },
        async () =>
        {
            using var client = new Pop3Client();
            await client.ConnectAsync("127.0.0.1", server.Pop3, SecureSocketOptions.None);
            await client.AuthenticateAsync(Plain);
            await client.DisconnectAsync(quit: true);
        },
        async () =>
        {
            using var client = new SmtpClient();
            await client.ConnectAsync("127.0.0.1", server.Submission, SecureSocketOptions.None);
            await client.AuthenticateAsync(Plain);
            await client.DisconnectAsync(quit: true);
        },
    ];

    private static MimeMessage Message(string from, string to, string subject) =>
        new([MailboxAddress.Parse(from)], [MailboxAddress.Parse(to)], subject, new TextPart("plain") { Text = string.Concat(Enumerable.Repeat("a line of some mail\r\n", 100)) });

    /// <summary>A client that says what it is told to.</summary>
    private sealed class DialogClient : SmtpClient
    {
        public Task<SmtpResponse> SayAsync(string command) => SendCommandAsync(command);
    }
}
