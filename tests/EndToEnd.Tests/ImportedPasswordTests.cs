using MailKit.Net.Imap;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Accounts that come from another server with their hashes: the first login with the password makes of each a verifier that SCRAM can use.</summary>
public sealed class ImportedPasswordTests
{
    private const string Password = "imported-secret";

    // Made with crypt(3) of libxcrypt.
    private static readonly (string Name, string Verifier)[] Imported =
    [
        ("sha512", "{SHA512-CRYPT}$6$Zx81kWqPeLsT0aBv$Spwf85iihQtztYqJVMa0uLE0PGS.fYiWoiRUBa1z.V9miaSkc74fWHsiCb6IMZGLjHoVl1CZ2V/wsRloljaK/1"),
        ("blowfish", "{BLF-CRYPT}$2y$06$N9qo8uLOickgx2ZMRZoMyePu2gLblcgtUjtKO8qX/wqcVCFNF/yLK"),
    ];

    [Fact]
    public async Task An_imported_hash_logs_in_and_is_a_SCRAM_verifier_from_then_on()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 23600);
        await Accounts.ImportAsync(server, Imported.SelectMany(i => new[] { ($"{i.Name}@example.test", i.Verifier), ($"{i.Name}2@example.test", i.Verifier) }));

        foreach (var (name, _) in Imported)
        {
            var user = $"{name}@example.test";

            // RFC 5802 cannot be done with another scheme's hash.
            await RefusedAsync(server, new SaslMechanismScramSha256(user, Password));
            await RefusedAsync(server, new SaslMechanismPlain(user, Password + "x"));
            await RefusedAsync(server, new SaslMechanismScramSha256(user, Password));
            await LogInAsync(server, client => client.AuthenticateAsync(new SaslMechanismPlain(user, Password)));
            await LogInAsync(server, client => client.AuthenticateAsync(new SaslMechanismScramSha256(user, Password)));
            await RefusedAsync(server, new SaslMechanismScramSha256(user, Password + "x"));
            await LogInAsync(server, client => client.AuthenticateAsync(new SaslMechanismPlain(user, Password)));

            // A client that prefers SCRAM goes on to what works.
            await LogInAsync(server, client => client.AuthenticateAsync($"{name}2@example.test", Password));
        }

        Directory.Delete(data, recursive: true);
    }

    private static async Task RefusedAsync(ServerProcess server, SaslMechanism mechanism) =>
        await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync(server, client => client.AuthenticateAsync(mechanism)));

    private static async Task LogInAsync(ServerProcess server, Func<ImapClient, Task> authenticate)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", server.Imap, SecureSocketOptions.None);
        await authenticate(client);
        Assert.True(client.IsAuthenticated);
        await client.DisconnectAsync(quit: true);
    }
}
