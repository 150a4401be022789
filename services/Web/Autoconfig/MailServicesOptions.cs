using System.Text;

namespace MailCloud.Web.Autoconfig;

/// <summary>Where mail programs, and hosts that send mail here, reach this installation from outside: what they are told when they ask. A port of 0 is not told.</summary>
internal sealed record MailServicesOptions
{
    /// <summary>Seconds that a policy may be kept at most (RFC 8461 §3.2).</summary>
    private const int LongestPolicy = 31_557_600;

    /// <summary>The name of IMAP, POP3 and submission, which their certificate is for; empty: mail programs are told nothing, and no MTA-STS policy is served.</summary>
    public string Host { get; init; } = "";

    /// <summary>IMAP, TLS from the first octet.</summary>
    public int Imaps { get; init; } = 993;

    /// <summary>IMAP, with STARTTLS.</summary>
    public int Imap { get; init; } = 143;

    /// <summary>POP3, TLS from the first octet.</summary>
    public int Pop3s { get; init; } = 995;

    /// <summary>POP3, with STLS.</summary>
    public int Pop3 { get; init; } = 110;

    /// <summary>Submission, TLS from the first octet.</summary>
    public int Submissions { get; init; } = 465;

    /// <summary>Submission, with STARTTLS.</summary>
    public int Submission { get; init; } = 587;

    /// <summary>Names of this installation in MX records, comma-separated, for the MTA-STS policy of hosted domains; <c>*.</c> stands for one label. Empty: the host alone.</summary>
    public string Mx { get; init; } = "";

    /// <summary>
    /// testing, enforce or none. By enforce other hosts hold mail back where the certificate does not fit or a domain's MX is another, which its owner may set so at any time: it is for when
    /// reports of testing (TLS-RPT) have shown none of that.
    /// </summary>
    public string MtaStsMode { get; init; } = "testing";

    /// <summary>How long other hosts keep the policy. RFC 8461 §3.2 expects weeks; a week, as Microsoft's, so that a mistake ends within one.</summary>
    public TimeSpan MtaStsMaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>In the order in which mail programs should take them: IMAP before POP3 (RFC 6186 §3.4), TLS from the first octet before STARTTLS (RFC 8314 §3).</summary>
    public IReadOnlyList<MailService> Incoming => Told(new("imap", Imaps, true), new("imap", Imap, false), new("pop3", Pop3s, true), new("pop3", Pop3, false));

    /// <inheritdoc cref="Incoming"/>
    public IReadOnlyList<MailService> Outgoing => Told(new("smtp", Submissions, true), new("smtp", Submission, false));

    public IReadOnlyList<string> MxNames => Mx.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names ? names : [Host];

    public IEnumerable<string> Errors()
    {
        if (Host.Length == 0)
        {
            yield break;
        }

        if (!IsHost(Host) || !MxNames.All(name => IsHost(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name)))
        {
            yield return "Web:Mail:Host must be a host name, and Web:Mail:Mx host names separated by commas";
        }

        if (new[] { Imaps, Imap, Pop3s, Pop3, Submissions, Submission }.Any(port => port is < 0 or > ushort.MaxValue) || Incoming.Count == 0 || Outgoing.Count == 0)
        {
            yield return "Web:Mail: ports are 0 to 65535, with one of IMAP or POP3 and one of submission above 0";
        }

        if (MtaStsMode is not ("testing" or "enforce" or "none"))
        {
            yield return $"Web:Mail:MtaStsMode is '{MtaStsMode}', which is none of testing, enforce and none";
        }

        if (MtaStsMaxAge < TimeSpan.FromSeconds(1) || MtaStsMaxAge > TimeSpan.FromSeconds(LongestPolicy))
        {
            yield return $"Web:Mail:MtaStsMaxAge must be 1 to {LongestPolicy} seconds";
        }
    }

    private static MailService[] Told(params MailService[] services) => [.. services.Where(service => service.Port > 0)];

    private static bool IsHost(string name) => Ascii.IsValid(name) && Uri.CheckHostName(name) == UriHostNameType.Dns;
}

/// <param name="Protocol">imap, pop3 or smtp.</param>
/// <param name="Port">From outside.</param>
/// <param name="IsTls">TLS from the first octet; else STARTTLS.</param>
internal sealed record MailService(string Protocol, int Port, bool IsTls);
