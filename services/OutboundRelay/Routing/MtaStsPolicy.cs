using System.Globalization;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>An MTA-STS policy (RFC 8461 §3.2).</summary>
/// <param name="Mode">What it is for.</param>
/// <param name="Mx">Patterns of its mail exchangers, in lower case.</param>
/// <param name="MaxAge">How long it holds.</param>
internal sealed record MtaStsPolicy(MtaStsMode Mode, IReadOnlyList<string> Mx, TimeSpan MaxAge)
{
    /// <summary>RFC 8461 §3.2: max_age is at most about a year, in seconds.</summary>
    private const int LongestAge = 31_557_600;

    /// <summary>True when the host's name is one of the patterns, or has one label before what follows the <c>*.</c> of one (RFC 8461 §4.1).</summary>
    public bool Names(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return Mx.Contains(host, StringComparer.OrdinalIgnoreCase) || (dot > 0 && Mx.Contains("*" + host[dot..], StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Reads the text of a policy. Unknown fields are passed over; of one that is there twice the first holds, but for mx.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static MtaStsPolicy Parse(string text)
    {
        var fields = text.Split('\n').Select(line => line.Trim().Split(':', 2)).Where(f => f.Length == 2).Select(f => (Name: f[0].TrimEnd(), Value: f[1].Trim())).ToList();
        if (First("version") != "STSv1")
        {
            throw new FormatException("no version STSv1");
        }

        var mode = First("mode") switch
        {
            "enforce" => MtaStsMode.Enforce,
            "testing" => MtaStsMode.Testing,
            "none" => MtaStsMode.None,
            var other => throw new FormatException($"mode {other}"),
        };
        if (!int.TryParse(First("max_age"), NumberStyles.None, CultureInfo.InvariantCulture, out var age) || age > LongestAge)
        {
            throw new FormatException("no max_age from 0 to 31557600");
        }

        string[] mx = [.. fields.Where(f => f.Name == "mx").Select(f => f.Value.TrimEnd('.').ToLowerInvariant())];
        return mx.Length > 0 || mode == MtaStsMode.None ? new(mode, mx, TimeSpan.FromSeconds(age)) : throw new FormatException("no mx");

        string First(string name) => fields.Find(f => f.Name == name).Value ?? "";
    }

    /// <summary>The id of a domain's policy by its TXT records, each with its strings joined; null when there is not exactly one record of MTA-STS, or it is malformed (RFC 8461 §3.1).</summary>
    public static string? IdOf(IEnumerable<string> records)
    {
        var ours = records.Where(r => r.StartsWith("v=STSv1;", StringComparison.Ordinal)).ToList();
        if (ours.Count != 1)
        {
            return null;
        }

        var id = ours[0].Split(';').Select(f => f.Trim()).FirstOrDefault(f => f.StartsWith("id=", StringComparison.Ordinal))?[3..];
        return id is { Length: > 0 and <= 32 } && id.All(char.IsAsciiLetterOrDigit) ? id : null;
    }
}

internal enum MtaStsMode
{
    None = 0,
    Testing = 1,
    Enforce = 2,
}
