using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MailCloud.Testing;

/// <summary>An OIDC issuer on a free port of loopback: its discovery document, its keys, and tokens as a test wants them.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "mail";

    private readonly WebApplication app;
    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };
    private RsaSecurityKey rsa = NewRsa();
    private ECDsaSecurityKey ec = NewEc();
    private int fetches;

    private TestIssuer(WebApplication app) => this.app = app;

    public string Issuer => $"http://127.0.0.1:{new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port}/realm";

    /// <summary>How often its discovery document was asked for.</summary>
    public int Fetches => Volatile.Read(ref fetches);

    /// <summary>What its discovery document says of the issuer; null: what it is.</summary>
    public string? SaidIssuer { get; set; }

    /// <summary>Answers in place of the discovery document.</summary>
    public RequestDelegate? Instead { get; set; }

    public SecurityKey Rsa => rsa;

    public SecurityKey Ec => ec;

    /// <summary>The clock of its tokens.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var issuer = new TestIssuer(builder.Build());
        issuer.app.MapGet("/realm/.well-known/openid-configuration", issuer.DiscoverAsync);
        issuer.app.MapGet("/realm/keys", () => Results.Text(issuer.WriteKeys(), "application/json"));
        await issuer.app.StartAsync();
        return issuer;
    }

    /// <summary>From now on it signs with other keys and publishes no others.</summary>
    public void Rotate() => (rsa, ec) = (NewRsa(), NewEc());

    /// <summary>From now on it gives no discovery document.</summary>
    public void GoAway() => Instead = context =>
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    };

    /// <summary>A token of today that lets an account in, but for what is changed; a claim that becomes null is left out.</summary>
    public string TokenFor(string account, Action<Dictionary<string, object?>>? change = null, string algorithm = SecurityAlgorithms.RsaSha256, SecurityKey? key = null)
    {
        SecurityKey ours = algorithm.StartsWith("ES", StringComparison.Ordinal) ? ec : rsa;
        return handler.CreateToken(PayloadFor(account, change), new SigningCredentials(key ?? ours, algorithm));
    }

    /// <summary>The same with <c>alg</c> none.</summary>
    public string UnsignedFor(string account) => handler.CreateToken(PayloadFor(account, null));

    /// <summary>The same signed as HS256, with what everybody knows as the secret: the public key.</summary>
    public string ForgedFor(string account)
    {
        var secret = System.Text.Encoding.ASCII.GetBytes(rsa.Rsa.ExportSubjectPublicKeyInfoPem());
        return TokenFor(account, algorithm: SecurityAlgorithms.HmacSha256, key: new SymmetricSecurityKey(secret) { KeyId = rsa.KeyId });
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private string PayloadFor(string account, Action<Dictionary<string, object?>>? change)
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?>
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["sub"] = "248289761001",
            ["email"] = account,
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + 3600,
        };
        change?.Invoke(claims);
        return JsonSerializer.Serialize(claims.Where(claim => claim.Value is not null).ToDictionary());
    }

    private Task DiscoverAsync(HttpContext context)
    {
        Interlocked.Increment(ref fetches);
        return Instead is { } instead
            ? instead(context)
            : context.Response.WriteAsJsonAsync(new { issuer = SaidIssuer ?? Issuer, jwks_uri = $"{Issuer}/keys" });
    }

    private string WriteKeys()
    {
        var (r, e) = (rsa.Rsa.ExportParameters(false), ec.ECDsa.ExportParameters(false));
        return JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "RSA", use = "sig", kid = rsa.KeyId, n = Base64UrlEncoder.Encode(r.Modulus), e = Base64UrlEncoder.Encode(r.Exponent) },
                new { kty = "EC", use = "sig", kid = ec.KeyId, crv = "P-256", x = Base64UrlEncoder.Encode(e.Q.X), y = Base64UrlEncoder.Encode(e.Q.Y) },
            },
        });
    }

    private static RsaSecurityKey NewRsa() => new(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("N") };

    private static ECDsaSecurityKey NewEc() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.NewGuid().ToString("N") };
}
