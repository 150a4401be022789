using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// Signs messages with DKIM (RFC 6376, RFC 8463): relaxed/relaxed, by each of the keys with which the domain of From signs, an RSA and an Ed25519 one. No i=, since an account of the domain is no more than
/// the domain; no l=, since what it leaves out anybody may add.
/// </summary>
internal sealed class DkimSigner(SigningKeys keys, TimeProvider time, ILogger<DkimSigner> logger)
{
    /// <summary>Octets of a folded line (RFC 5322 §2.1.1).</summary>
    private const int LineLength = 76;

    /// <summary>Mail of an account of ours, and reports of ours, which are made here and have no trace yet. What came from another host, or from an account of another tenant, and only passes is not vouched for.</summary>
    public static bool MaySign(QueuedMessage message) => message.Submitter is { } account ? account.Tenant == message.Tenant : message.Trace.Length == 0;

    /// <summary>The DKIM-Signature fields that go on top, in lines with CRLF; none when the domain has no keys.</summary>
    public async ValueTask<byte[]> SignAsync(QueuedMessage message, ContentMeasure content, CancellationToken cancellationToken)
    {
        var bodyHash = content.End();
        if (DomainOf(content.Header) is not { } domain)
        {
            ContentLog.NotSigned(logger, message.Id, message.Tenant, "it has not one From field with one domain");
            return [];
        }

        var signing = await keys.FindAsync(domain, message.Tenant, cancellationToken);
        if (signing.Count == 0)
        {
            return [];
        }

        if (content.Header.IsTooLong)
        {
            ContentLog.NotSigned(logger, message.Id, message.Tenant, "the header fields that would be signed are too long");
            return [];
        }

        var names = content.Header.Names;
        var header = content.Header.Canonical(names);
        var fields = new List<byte>();
        foreach (var key in signing)
        {
            fields.AddRange(Encoding.ASCII.GetBytes(Sign(key, domain, names, header, Convert.ToBase64String(bodyHash))));
        }

        return [.. fields];
    }

    /// <summary>The domain that the author's address is in, as A-labels; null when there is not one (RFC 5322 §3.6.2 takes several, and DMARC none of these).</summary>
    private static string? DomainOf(SignedHeader header) =>
        header.From.ToList() is [var only] && InternetAddressList.TryParse(only, out var authors)
            && authors.Mailboxes.Select(mailbox => new EmailAddress("", mailbox.Domain).AsciiDomain).Distinct().ToList() is [{ Length: > 0 } domain]
            ? domain
            : null;

    private string Sign(DkimSigningKey key, string domain, IReadOnlyList<string> names, byte[] header, string bodyHash)
    {
        var field = new StringBuilder();
        var column = 0;
        Add("DKIM-Signature:", "");
        Add("v=1;");
        Add($"a={(key.Algorithm == DkimAlgorithm.Rsa ? "rsa" : "ed25519")}-sha256;");
        Add("c=relaxed/relaxed;");
        Add($"d={domain};");
        Add($"s={key.Selector};");
        Add($"t={time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)};");
        for (var i = 0; i < names.Count; i++)
        {
            Add($"{(i == 0 ? "h=" : "")}{names[i]}{(i == names.Count - 1 ? ";" : ":")}", i == 0 ? " " : "");
        }

        Add($"bh={bodyHash};");
        Add("b=");

        // §3.7: the signature covers its own field, with nothing behind b=.
        byte[] signed = [.. header, .. SignedHeader.Relaxed(Encoding.ASCII.GetBytes(field.ToString()))];
        var signature = Convert.ToBase64String(Sign(key, SHA256.HashData(signed)));
        for (var at = 0; at < signature.Length;)
        {
            var length = Math.Min(signature.Length - at, LineLength - column);
            field.Append(signature.AsSpan(at, length));
            at += length;
            if (at < signature.Length)
            {
                field.Append("\r\n\t");
                column = 1;
            }
        }

        return field.Append("\r\n").ToString();

        void Add(string text, string space = " ")
        {
            if (column + space.Length + text.Length > LineLength)
            {
                field.Append("\r\n\t");
                (column, space) = (1, "");
            }

            field.Append(space).Append(text);
            column += space.Length + text.Length;
        }
    }

    // Of the hash: PKCS #1 v1.5 (RFC 6376 §3.3.1), and PureEdDSA (RFC 8463 §3), which .NET does not have.
    private static byte[] Sign(DkimSigningKey key, byte[] hash)
    {
        if (key.Algorithm == DkimAlgorithm.Rsa)
        {
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(key.PrivateKey.Span, out _);
            return rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        var signer = new Ed25519Signer();
        signer.Init(forSigning: true, (Ed25519PrivateKeyParameters)PrivateKeyFactory.CreateKey(key.PrivateKey.ToArray()));
        signer.BlockUpdate(hash, 0, hash.Length);
        return signer.GenerateSignature();
    }
}
