using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCloud.EndToEnd.Tests.Clients.Pop3;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Search;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>One server for all tests with clients, and a new account for each.</summary>
public sealed class ClientServer : IAsyncLifetime
{
    public const string Password = "client-password";

    private readonly string data = ServerProcess.NewDataDirectory();
    private int accounts;

    internal ServerProcess Process { get; private set; } = null!;

    /// <summary>PEM; self-signed, for localhost.</summary>
    public string Certificate => Path.Combine(data, "tls", "default.crt");

    /// <summary>Makes an account with a mailbox as new accounts have it, and returns its address.</summary>
    public async Task<string> NewAccountAsync()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"client{Interlocked.Increment(ref accounts)}@example.test");
        await Accounts.ImportAsync(Process, [(address, Password)]);
        return address;
    }

    /// <summary>A MailKit session that has logged in; what goes over the wire is written to <paramref name="log"/>.</summary>
    public async Task<ImapClient> ConnectAsync(string user, SecureSocketOptions security = SecureSocketOptions.None, ProtocolLogger? log = null)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Certificate);
        var thumbprint = own.Thumbprint;
        var client = new ImapClient(log is null ? new NullProtocolLogger() : log) { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == thumbprint };
        await client.ConnectAsync("127.0.0.1", security == SecureSocketOptions.SslOnConnect ? Process.Imaps : Process.Imap, security);
        await client.AuthenticateAsync(user, Password);
        return client;
    }

    /// <summary>A MailKit POP3 session that has not logged in; what goes over the wire is written to <paramref name="log"/>.</summary>
    public async Task<Pop3Client> ConnectPop3Async(SecureSocketOptions security = SecureSocketOptions.None, ProtocolLogger? log = null)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Certificate);
        var thumbprint = own.Thumbprint;
        var client = new Pop3Client(log is null ? new NullProtocolLogger() : log) { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == thumbprint };
        await client.ConnectAsync("127.0.0.1", security == SecureSocketOptions.SslOnConnect ? Process.Pop3s : Process.Pop3, security);
        return client;
    }

    /// <summary>Waits, by asking the server, until no session has the account's maildrop: one that was broken off has it until the server sees that.</summary>
    public async Task UntilMaildropIsFreeAsync(string user)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var wire = await Pop3Wire.OpenAsync(Process.Pop3, user, Password, limit.Token);
        await wire.SendAsync("QUIT", limit.Token);
    }

    /// <summary>Puts messages into an account's INBOX, octet by octet.</summary>
    public async Task AppendAsync(string user, IEnumerable<byte[]> messages)
    {
        using var wire = await ImapWire.OpenAsync(Process.Imap, user, Password, CancellationToken.None);
        foreach (var message in messages)
        {
            var answer = await wire.SendAsync($"APPEND INBOX {ImapWire.Literal(Encoding.Latin1.GetString(message))}", CancellationToken.None);
            Assert.True(answer.Ok, answer.Text);
        }
    }

    /// <summary>What an account's INBOX holds by IMAP, in order.</summary>
    public async Task<IReadOnlyList<byte[]>> InboxAsync(string user)
    {
        using var client = await ConnectAsync(user);
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var messages = new List<byte[]>();
        foreach (var uid in await client.Inbox.SearchAsync(SearchQuery.All))
        {
            messages.Add(await AccountContents.OctetsAsync(client.Inbox, uid));
        }

        await client.DisconnectAsync(quit: true);
        return messages;
    }

    public async Task InitializeAsync() => Process = await ServerProcess.StartAsync(data, offset: 24300, arguments: ServerProcess.NoRateLimits);

    public async Task DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }
}

[CollectionDefinition(Name)]
public sealed class ClientCollection : ICollectionFixture<ClientServer>
{
    public const string Name = "clients";
}
