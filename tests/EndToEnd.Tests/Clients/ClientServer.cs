using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Imap;
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
