using System.Globalization;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>What a host announced in its reply to EHLO (RFC 5321 §4.1.1.1); nothing of it after HELO.</summary>
internal sealed record Capabilities
{
    public static readonly Capabilities None = new();

    /// <summary>RFC 2920.</summary>
    public bool Pipelining { get; private init; }

    /// <summary>BDAT (RFC 3030 §2).</summary>
    public bool Chunking { get; private init; }

    /// <summary>RFC 6152.</summary>
    public bool EightBitMime { get; private init; }

    /// <summary>RFC 3030 §3, which needs CHUNKING.</summary>
    public bool BinaryMime { get; private init; }

    /// <summary>RFC 6531.</summary>
    public bool SmtpUtf8 { get; private init; }

    /// <summary>RFC 3461.</summary>
    public bool Dsn { get; private init; }

    /// <summary>RFC 2034.</summary>
    public bool EnhancedStatusCodes { get; private init; }

    /// <summary>RFC 3207.</summary>
    public bool StartTls { get; private init; }

    /// <summary>RFC 8689 §3.</summary>
    public bool RequireTls { get; private init; }

    /// <summary>RFC 6710.</summary>
    public bool MtPriority { get; private init; }

    /// <summary>RFC 2852.</summary>
    public bool DeliverBy { get; private init; }

    /// <summary>The shortest time that DELIVERBY takes, in seconds; 0: any (RFC 2852 §2).</summary>
    public long DeliverByMinimum { get; private init; }

    /// <summary>RFC 1870.</summary>
    public bool Size { get; private init; }

    /// <summary>The longest message in octets; 0: no limit is known (RFC 1870 §4).</summary>
    public long MaxSize { get; private init; }

    /// <summary>Recipients of one transaction, by LIMITS (RFC 9422); null: not said.</summary>
    public int? RcptMax { get; private init; }

    /// <summary>Transactions of one session, by LIMITS (RFC 9422); null: not said.</summary>
    public int? MailMax { get; private init; }

    /// <summary>Mechanisms of AUTH (RFC 4954), in upper case.</summary>
    public IReadOnlyList<string> Auth { get; private init; } = [];

    /// <param name="lines">Of the reply to EHLO; the first is the host's name.</param>
    public static Capabilities Parse(IReadOnlyList<string> lines)
    {
        var said = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var words in lines.Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(w => w.Length > 0))
        {
            said[words[0]] = words[1..];
        }

        string[] Arguments(string keyword) => said.GetValueOrDefault(keyword) ?? [];
        var limits = Arguments("LIMITS");
        return new()
        {
            Pipelining = said.ContainsKey("PIPELINING"),
            Chunking = said.ContainsKey("CHUNKING"),
            EightBitMime = said.ContainsKey("8BITMIME"),
            BinaryMime = said.ContainsKey("BINARYMIME") && said.ContainsKey("CHUNKING"),
            SmtpUtf8 = said.ContainsKey("SMTPUTF8"),
            Dsn = said.ContainsKey("DSN"),
            EnhancedStatusCodes = said.ContainsKey("ENHANCEDSTATUSCODES"),
            StartTls = said.ContainsKey("STARTTLS"),
            RequireTls = said.ContainsKey("REQUIRETLS"),
            MtPriority = said.ContainsKey("MT-PRIORITY"),
            DeliverBy = said.ContainsKey("DELIVERBY"),
            DeliverByMinimum = Number(Arguments("DELIVERBY").FirstOrDefault()) ?? 0,
            Size = said.ContainsKey("SIZE"),
            MaxSize = Number(Arguments("SIZE").FirstOrDefault()) ?? 0,
            RcptMax = Limit(limits, "RCPTMAX="),
            MailMax = Limit(limits, "MAILMAX="),
            Auth = [.. Arguments("AUTH").Select(m => m.ToUpperInvariant())],
        };
    }

    // RFC 9422 §3: a limit is a number above zero; what is none says nothing.
    private static int? Limit(string[] limits, string name) =>
        limits.FirstOrDefault(l => l.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } limit && Number(limit[name.Length..]) is > 0 and <= int.MaxValue and var number
            ? (int)number
            : null;

    private static long? Number(string? digits) => long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
