using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>What showed that the other end is the host that was meant.</summary>
internal enum TlsProof
{
    /// <summary>Nothing: who listens cannot read, but who sits between can.</summary>
    None = 0,

    /// <summary>A certificate of a trusted authority for its name.</summary>
    Pkix = 1,

    /// <summary>A TLSA record (RFC 7672).</summary>
    Dane = 2,
}

/// <summary>Judges the certificate of one handshake by what TLS must give.</summary>
/// <param name="demand">What it must give.</param>
internal sealed class CertificateCheck(HostTls demand)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>What showed who the host is.</summary>
    public TlsProof Proof { get; private set; }

    /// <summary>Why the certificate does not do; null when it does, or was not looked at.</summary>
    public string? Complaint { get; private set; }

    /// <summary>How a chain is built. Nothing is fetched for it: a certificate must not make this host dial wherever it says.</summary>
    /// <param name="authorities">Who is trusted; null: whom the system trusts.</param>
    public static X509ChainPolicy Policy(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(ServerAuthentication);
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    /// <summary>A <see cref="RemoteCertificateValidationCallback"/>.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (demand.Level < TlsLevel.Verified)
        {
            return true;
        }

        if (certificate is not X509Certificate2 leaf || chain is null)
        {
            Complaint = "it shows no certificate";
        }
        else if (demand.Level == TlsLevel.Dane)
        {
            Complaint = MatchesRecords(leaf, chain) ? null : "no TLSA record matches its certificate";
        }
        else
        {
            Complaint = PkixComplaint(leaf, chain, errors);
        }

        Proof = Complaint is not null ? TlsProof.None : demand.Level == TlsLevel.Dane ? TlsProof.Dane : TlsProof.Pkix;
        return Complaint is null;
    }

    private string? PkixComplaint(X509Certificate2 leaf, X509Chain chain, SslPolicyErrors errors)
    {
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            var faults = chain.ChainStatus.Select(s => s.Status).Distinct();
            return $"its certificate is not to be trusted: {string.Join(", ", faults)}";
        }

        // RFC 8461 §4.1: a DNS-ID, and no CN-ID.
        return IsNamed(leaf, allowCommonName: false) ? null : $"its certificate is not for {string.Join(" or ", demand.Names)}";
    }

    private bool MatchesRecords(X509Certificate2 leaf, X509Chain chain)
    {
        // RFC 7672 §3.1.1: with DANE-EE the record stands for name, issuer and time alike.
        if (demand.Tlsa.Any(r => r.Usage == 3 && Matches(r, leaf)))
        {
            return true;
        }

        // RFC 7672 §3.1.2 and §3.2.3: with DANE-TA the chain must lead to what the record names, and the name must be right; a CN-ID counts where there is no DNS-ID.
        var sent = chain.ChainPolicy.ExtraStore;
        return demand.Tlsa.Any(r => r.Usage == 2)
            && IsNamed(leaf, allowCommonName: true)
            && sent.Any(issuer => !IsSame(issuer, leaf) && demand.Tlsa.Any(r => r.Usage == 2 && Matches(r, issuer)) && LeadsTo(issuer, leaf, sent));
    }

    /// <summary>RFC 6698 §2.1: selector 0 the certificate, 1 its public key; matching type 0 as it is, 1 by SHA-256, 2 by SHA-512.</summary>
    private static bool Matches(TlsaRecord record, X509Certificate2 certificate)
    {
        var chosen = record.Selector switch
        {
            0 => certificate.RawData,
            1 => certificate.PublicKey.ExportSubjectPublicKeyInfo(),
            _ => null,
        };
        var shown = chosen is null ? null : record.MatchingType switch
        {
            0 => chosen,
            1 => SHA256.HashData(chosen),
            2 => SHA512.HashData(chosen),
            _ => null,
        };
        return shown is not null && shown.AsSpan().SequenceEqual(record.Data.Span);
    }

    /// <summary>
    /// Whether a chain of valid certificates goes from the leaf to the issuer. What stands above the issuer, and whether anybody else trusts it, does not count; the issuer need not be
    /// self-signed.
    /// </summary>
    private static bool LeadsTo(X509Certificate2 issuer, X509Certificate2 leaf, X509Certificate2Collection sent)
    {
        using var chain = new X509Chain { ChainPolicy = Policy([issuer]) };
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.Build(leaf);
        var depth = chain.ChainElements.ToList().FindIndex(e => IsSame(e.Certificate, issuer));
        return depth > 0 && chain.ChainElements.Take(depth + 1).All(e => e.ChainElementStatus.All(s => IsAboutTheTop(s.Status)));
    }

    private static bool IsAboutTheTop(X509ChainStatusFlags status) =>
        (status & ~(X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) == X509ChainStatusFlags.NoError;

    private bool IsNamed(X509Certificate2 leaf, bool allowCommonName) =>
        demand.Names.Any(name =>
        {
            try
            {
                return leaf.MatchesHostname(name, allowWildcards: true, allowCommonName);
            }
            catch (Exception e) when (e is ArgumentException or CryptographicException)
            {
                // The name is none that a certificate could have, or the certificate's cannot be read.
                return false;
            }
        });

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);
}
