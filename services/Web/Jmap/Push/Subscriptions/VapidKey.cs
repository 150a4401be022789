using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Web.Jmap.Requests;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>The key pair by which push services know this installation (RFC 8292): clients have their push service take posts that are signed with it, and no others.</summary>
internal sealed class VapidKey
{
    /// <summary>RFC 8292 §2: 24 hours at most, from which the push service's clock may differ.</summary>
    private static readonly TimeSpan lifetime = TimeSpan.FromHours(12);

    private readonly Lock gate = new();
    private readonly ECDsa key;

    private VapidKey(ECDsa key)
    {
        this.key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        Public = Base64Url.EncodeToString([4, .. point.X!, .. point.Y!]);
    }

    /// <summary>The public key as an uncompressed point in base64url, without padding (RFC 8292 §3.2, RFC 9749 §3).</summary>
    public string Public { get; }

    /// <summary>Null: it is one, or none is named.</summary>
    public static string? WhyUnusable(string file)
    {
        try
        {
            return file.Length == 0 || Load(file) is not null ? null : "has no private key of the curve P-256, in PEM";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    /// <summary>Null: the file has no such key.</summary>
    public static VapidKey? Load(string file)
    {
        var text = File.ReadAllText(file);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            if (key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                return new(key);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // None, or the public half alone.
        }

        key.Dispose();
        return null;
    }

    /// <summary>The Authorization field of a post (RFC 8292 §3), with a token for the origin of the push service (§2).</summary>
    public AuthenticationHeaderValue Sign(Uri resource, string subject, DateTimeOffset now)
    {
        var claims = new JsonObject { ["aud"] = resource.GetLeftPart(UriPartial.Authority), ["exp"] = (now + lifetime).ToUnixTimeSeconds(), ["sub"] = subject };
        var text = $"{Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8)}.{Base64Url.EncodeToString(JmapJson.ToUtf8(claims))}";
        return new("vapid", $"t={text}.{Base64Url.EncodeToString(SignatureOf(text))}, k={Public}");
    }

    // RFC 7518 §3.4: both numbers, 32 octets each.
    private byte[] SignatureOf(string text)
    {
        lock (gate)
        {
            return key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }
}
