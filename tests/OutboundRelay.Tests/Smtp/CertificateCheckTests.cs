using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Which certificates a TLSA record names.</summary>
public sealed class CertificateCheckTests
{
    private const string Host = "mx.example";

    private static readonly TestAuthority Root = TestAuthority.Root("Root");
    private static readonly TestAuthority Middle = Root.Below("Middle");
    private static readonly X509Certificate2 Leaf = Middle.Issue(Host);

    public static TheoryData<int, int> SelectorsAndTypes => new() { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 0 }, { 1, 1 }, { 1, 2 } };

    [Theory]
    [MemberData(nameof(SelectorsAndTypes))]
    public void A_record_of_usage_3_names_the_leaf(int selector, int type)
    {
        Assert.True(Accepts(Record(3, selector, type, Leaf), Leaf));
        Assert.False(Accepts(Record(3, selector, type, Middle.Certificate), Leaf));
        Assert.False(Accepts(Record(3, selector, type, Middle.Issue(Host)), Leaf));
    }

    [Theory]
    [MemberData(nameof(SelectorsAndTypes))]
    public void A_record_of_usage_2_names_an_issuer_self_signed_or_not(int selector, int type)
    {
        Assert.True(Accepts(Record(2, selector, type, Middle.Certificate), Leaf));
        Assert.True(Accepts(Record(2, selector, type, Root.Certificate), Leaf));
        Assert.False(Accepts(Record(2, selector, type, Leaf), Leaf));
        Assert.False(Accepts(Record(2, selector, type, TestAuthority.Root("Root").Certificate), Leaf));
    }

    [Fact]
    public void One_of_several_records_is_enough() =>
        Assert.True(Accepts([Record(3, 1, 1, Root.Certificate), Record(2, 1, 1, Leaf), Record(3, 0, 2, Leaf)], Leaf));

    // RFC 7672 §3.1.1: keys are what the record is about.
    [Fact]
    public void With_usage_3_neither_name_nor_time_count()
    {
        var other = Middle.Issue("other.example", days: -1);
        Assert.True(Accepts(Record(3, 1, 1, other), other));
    }

    [Fact]
    public void With_usage_2_the_name_counts()
    {
        var other = Middle.Issue("other.example");
        Assert.False(Accepts(Record(2, 1, 1, Middle.Certificate), other));
        Assert.True(Accepts([Record(2, 1, 1, Middle.Certificate)], other, names: ["mx.example", "other.example"]));
    }

    [Fact]
    public void With_usage_2_the_time_counts()
    {
        var old = Middle.Issue(Host, days: -1);
        Assert.False(Accepts(Record(2, 1, 1, Middle.Certificate), old));
    }

    // RFC 7672 §3.2.3.
    [Fact]
    public void A_common_name_counts_with_usage_2_where_there_is_no_other()
    {
        var plain = Middle.Issue(null, commonName: Host);
        Assert.True(Accepts(Record(2, 1, 1, Middle.Certificate), plain));
        Assert.False(Accepts(Record(2, 1, 1, Middle.Certificate), Middle.Issue("other.example", commonName: Host)));
    }

    [Fact]
    public void What_another_key_signed_in_an_issuers_name_is_a_forgery()
    {
        var forged = Middle.Forger().Issue(Host);
        Assert.False(Accepts(Record(2, 1, 1, Middle.Certificate), forged));
        Assert.False(Accepts(Record(2, 0, 0, Root.Certificate), forged));
    }

    // A host's certificate signs no other, whoever signed it.
    [Fact]
    public void A_leaf_is_no_issuer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        var request = new CertificateRequest("CN=host", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var below = request.Create(
            Leaf.SubjectName,
            X509SignatureGenerator.CreateForECDsa(Leaf.GetECDsaPrivateKey()!),
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddHours(1),
            [1]);
        Assert.False(Accepts([Record(2, 1, 1, Middle.Certificate)], below, sent: [Leaf, .. Middle.Chain]));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(4, 1, 1)]
    [InlineData(3, 2, 1)]
    [InlineData(3, 1, 3)]
    public void What_is_not_known_matches_nothing(int usage, int selector, int type) =>
        Assert.False(Accepts(new TlsaRecord((byte)usage, (byte)selector, (byte)type, SHA256.HashData(Leaf.PublicKey.ExportSubjectPublicKeyInfo())), Leaf));

    private static bool Accepts(TlsaRecord record, X509Certificate2 leaf) => Accepts([record], leaf);

    private static bool Accepts(IReadOnlyList<TlsaRecord> records, X509Certificate2 leaf, string[]? names = null, X509Certificate2Collection? sent = null)
    {
        // As SslStream hands it over: the chain in its own view, and what the host sent beside.
        using var chain = new X509Chain { ChainPolicy = CertificateCheck.Policy(null) };
        chain.ChainPolicy.ExtraStore.Add(leaf);
        chain.ChainPolicy.ExtraStore.AddRange(sent ?? Middle.Chain);
        chain.Build(leaf);
        var check = new CertificateCheck(new(TlsLevel.Dane, names ?? [Host], records, "dane"));
        var accepts = check.Accept(chain, leaf, chain, SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch);
        Assert.Equal(accepts, check.Complaint is null);
        Assert.Equal(accepts ? TlsProof.Dane : TlsProof.None, check.Proof);
        return accepts;
    }

    internal static TlsaRecord Record(int usage, int selector, int type, X509Certificate2 certificate)
    {
        var chosen = selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return new((byte)usage, (byte)selector, (byte)type, type switch { 0 => chosen, 1 => SHA256.HashData(chosen), _ => SHA512.HashData(chosen) });
    }
}
