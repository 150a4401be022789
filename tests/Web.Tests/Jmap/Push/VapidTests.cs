using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using MailCloud.Web.Jmap.Push;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>How push services know who posts (RFC 8292, RFC 9749): checked as they check it, by another implementation of JWTs and with the key that clients are told.</summary>
public sealed class VapidTests : IAsyncLifetime
{
    private const string Capability = "urn:ietf:params:jmap:webpush-vapid";

    private readonly string folder = Directory.CreateTempSubdirectory("mailcloud-vapid-").FullName;
    private readonly WebServer server;

    public VapidTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        server = new()
        {
            Settings =
            [
                new("Web:Jmap:Push:AllowPrivate", "true"),
                new("Web:Jmap:Push:VapidKeyFile", Write("key", key.ExportPkcs8PrivateKeyPem())),
                new("Web:Jmap:PostmasterDomain", "example.test"),
            ],
        };
    }

    public Task InitializeAsync() => server.InitializeAsync();

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Each_post_is_signed_with_the_key_that_clients_are_told()
    {
        var account = await WatchedAccount.MakeAsync(server, "one");
        var session = await account.Client.GetSessionAsync();
        var told = (string)session["capabilities"]![Capability]!["applicationServerKey"]!;
        Assert.Equal((string)session["state"]!, (string)(await account.Client.RunAsync([], [JmapClient.Core, Capability]))["sessionState"]!);

        await using var receiver = await PushReceiver.StartAsync();
        var create = new JsonObject { ["k"] = new JsonObject { ["deviceClientId"] = "phone", ["url"] = receiver.Url } };
        var made = await SetAsync(account, new() { ["create"] = create });
        var verification = await receiver.NextAsync();
        await IsSignedAsync(verification, told, receiver);
        await SetAsync(account, new() { ["update"] = new JsonObject { [(string)made["created"]!["k"]!["id"]!] = new JsonObject { ["verificationCode"] = (string)verification.Json["verificationCode"]! } } });
        await IsSignedAsync(await receiver.NextAsync(), told, receiver);
    }

    [Fact]
    public void What_is_no_key_is_told_at_the_start()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var known = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Empty(ErrorsOf(new() { VapidKeyFile = Write("sec1", known.ExportECPrivateKeyPem()), VapidSubject = "https://mail.example.com/" }));
        foreach (var text in (string[])["", "no key", other.ExportPkcs8PrivateKeyPem(), known.ExportSubjectPublicKeyInfoPem()])
        {
            Assert.Contains("VapidKeyFile", Assert.Single(ErrorsOf(new() { VapidKeyFile = Write("wrong", text) })), StringComparison.Ordinal);
        }

        Assert.Contains("VapidKeyFile", Assert.Single(ErrorsOf(new() { VapidKeyFile = Path.Combine(folder, "none") })), StringComparison.Ordinal);
        Assert.Contains("VapidSubject", Assert.Single(ErrorsOf(new() { VapidSubject = "postmaster@example.test" })), StringComparison.Ordinal);

        static List<string> ErrorsOf(PushOptions options) => [.. options.Errors()];
    }

    private static async Task IsSignedAsync(PushReceiver.Posted posted, string key, PushReceiver receiver)
    {
        // RFC 8292 §3: vapid t=TOKEN, k=KEY.
        Assert.StartsWith("vapid ", posted.Authorization, StringComparison.Ordinal);
        var parameters = posted.Authorization["vapid ".Length..].Split(',', StringSplitOptions.TrimEntries).ToDictionary(p => p[..p.IndexOf('=', StringComparison.Ordinal)], p => p[(p.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(["k", "t"], parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(key, parameters["k"]);
        var point = Base64Url.DecodeFromChars(key);
        Assert.Equal((65, 4), (point.Length, point[0]));
        using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = point[1..33], Y = point[33..] } });
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(parameters["t"], new()
        {
            IssuerSigningKey = new ECDsaSecurityKey(ecdsa) { CryptoProviderFactory = new() { CacheSignatureProviders = false } },
            ValidAlgorithms = ["ES256"],
            ValidTypes = ["JWT"],
            ValidateIssuer = false,
            ValidAudience = receiver.Url[..receiver.Url.LastIndexOf('/')],
            RequireExpirationTime = true,
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal("mailto:postmaster@example.test", result.Claims["sub"]);

        // RFC 8292 §2: not more than 24 hours ahead.
        Assert.InRange(result.SecurityToken.ValidTo, DateTime.UtcNow.AddHours(1), DateTime.UtcNow.AddHours(24));
    }

    private static async Task<JsonObject> SetAsync(WatchedAccount account, JsonObject arguments)
    {
        var response = await account.Client.RunAsync([new JsonArray("PushSubscription/set", arguments, "c")], [JmapClient.Core]);
        return response["methodResponses"]![0]![1]!.AsObject();
    }

    private string Write(string name, string text)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
