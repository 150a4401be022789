using System.Security.Cryptography;
using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Isolation;

/// <summary>An account of one tenant with all its credentials, which tries to be, or to see, what another tenant has.</summary>
internal sealed class Caller
{
    /// <summary>Not that of the accounts it wants to be.</summary>
    public const string Password = "a word of the caller";

    private readonly OAuthServer server;
    private readonly string appPassword;

    private Caller(OAuthServer server, string user, string appPassword) => (this.server, User, this.appPassword) = (server, user, appPassword);

    public string User { get; }

    /// <summary>What it knows that may pass for a password.</summary>
    public IEnumerable<string> Passwords => [Password, appPassword];

    /// <summary>With messages and a quota of its own.</summary>
    public static async Task<Caller> MakeAsync(OAuthServer server)
    {
        var (user, secret) = (await server.CreateAccountAsync(quota: 1_000_000), AppPasswordSecret.New());
        var password = new AppPassword { Id = Guid.NewGuid(), Name = "device", Scopes = LoginProtocols.Imap | LoginProtocols.Pop, MadeAt = server.Clock.GetUtcNow() };
        var grains = server.Services.GetRequiredService<IGrainFactory>();
        var address = grains.GetGrain<IAddressGrain>(user);
        await address.PutAsync((await address.GetAsync())! with { Verifier = Verifiers.Create(Password) });
        await grains.GetGrain<IAppPasswordsGrain>(user).AddAsync(password, AppPasswordSecret.DigestOf(secret)!);
        return new(server, user, secret);
    }

    /// <summary>Each way to be somebody else by SASL: the mechanism with the initial response, and the line that answers the challenge of a refusal.</summary>
    public IEnumerable<(string Start, string Answer)> Exchanges(Things of)
    {
        foreach (var password in Passwords)
        {
            yield return ($"PLAIN {Base64($"\0{of.User}\0{password}")}", "*");
            yield return ($"PLAIN {Base64($"{User}\0{of.User}\0{password}")}", "*");
            yield return ($"PLAIN {Base64($"{of.User}\0{User}\0{password}")}", "*");
            yield return ($"PLAIN {Base64($"{of.Local}\0{User}\0{password}")}", "*");
            yield return ($"PLAIN {Base64($"{of.Account}\0{User}\0{password}")}", "*");
            yield return ($"LOGIN {Base64(of.User)}", Base64(password));
        }

        foreach (var token in (string[])[server.Issuer.TokenFor(User), server.Issuer.TokenFor(of.Claimed), server.Issuer.ForgedFor(of.Claimed)])
        {
            yield return ($"OAUTHBEARER {Base64($"n,a={of.Claimed},\u0001auth=Bearer {token}\u0001\u0001")}", "AQ==");
            yield return ($"XOAUTH2 {Base64($"user={of.Claimed}\u0001auth=Bearer {token}\u0001\u0001")}", "");
        }

        // A token of one's own, and another's name in it.
        yield return ($"OAUTHBEARER {Base64($"n,a={User},\u0001auth=Bearer {server.Issuer.TokenFor(of.User)}\u0001\u0001")}", "AQ==");
    }

    /// <summary>The end of a SCRAM exchange (RFC 5802 §3) over IMAP, in which it proves to be itself and asks to be somebody else.</summary>
    public async Task<string> ProveAsync(string actAs)
    {
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        var (header, bare) = ($"n,a={actAs},", $"n={User},r=nonce");
        await client.SendLineAsync($"a AUTHENTICATE SCRAM-SHA-256 {Base64(header + bare)}");
        var challenge = Encoding.UTF8.GetString(Convert.FromBase64String((await client.ReadLineAsync())[2..]));
        var fields = challenge.Split(',').Select(field => field[2..]).ToArray();
        var without = $"c={Base64(header)},{challenge.Split(',')[0]}";
        var salted = Rfc2898DeriveBytes.Pbkdf2(Password, Convert.FromBase64String(fields[1]), int.Parse(fields[2], System.Globalization.CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        var key = HMACSHA256.HashData(salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(key), Encoding.UTF8.GetBytes($"{bare},{challenge},{without}"));
        await client.SendLineAsync(Base64($"{without},p={Convert.ToBase64String([.. key.Zip(signature, (a, b) => (byte)(a ^ b))])}"));
        Assert.StartsWith("+ ", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.SendLineAsync("");
        return await client.ReadLineAsync();
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
