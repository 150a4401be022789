using DnsClient;
using DnsClient.Protocol;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>What the DNS says of a name and a type.</summary>
/// <param name="Status">Which of the four answers it is.</param>
/// <param name="Owner">The name at the end of the aliases (CNAME), A-labels in lower case without the last dot; the name itself when it is none.</param>
/// <param name="IsSecure">True when a resolver that is trusted with it has validated the answer, aliases and absence too (RFC 4035 §4.9.3).</param>
/// <param name="Records">The records of the type at <paramref name="Owner"/>; none unless <see cref="DnsStatus.Found"/>.</param>
/// <param name="Reason">For <see cref="DnsStatus.Failed"/>: why, in a few words.</param>
internal sealed record DnsAnswer(DnsStatus Status, string Owner, bool IsSecure, IReadOnlyList<DnsResourceRecord> Records, string Reason = "")
{
    /// <summary>The name that a record is about, in lower case and without the last dot. DnsClient decodes A-labels: here <c>Original</c> is what was on the wire.</summary>
    public static string OwnerOf(DnsResourceRecord record) => Plain(record.DomainName.Original);

    /// <summary>A name within a record's data, in the same form; here <c>Value</c> is what was on the wire.</summary>
    public static string NameOf(DnsString name) => Plain(name.Value);

    private static string Plain(string name) => name.TrimEnd('.').ToLowerInvariant();
}

internal enum DnsStatus
{
    /// <summary>There are records.</summary>
    Found = 0,

    /// <summary>The name exists, without a record of the type (NODATA, RFC 2308 §2.2).</summary>
    NoData = 1,

    /// <summary>The name, or that which it is an alias of, does not exist (NXDOMAIN).</summary>
    NoSuchName = 2,

    /// <summary>Not known: SERVFAIL, which validation that fails is too, REFUSED, no answer, or none that can be read. Never the reason for something permanent.</summary>
    Failed = 3,
}
