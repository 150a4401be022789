using System.Globalization;
using System.Text.RegularExpressions;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>
/// The parameters of MAIL as the client gave them: SIZE (RFC 1870), BODY (6152, 3030), SMTPUTF8 (6531), RET and ENVID (3461), AUTH (4954 §5), HOLDFOR and HOLDUNTIL (4865), BY (2852), MT-PRIORITY (6710),
/// REQUIRETLS (8689). What they mean in a session, and whether it allows them, is decided by <see cref="Policy.DeliveryWishes"/>.
/// </summary>
internal sealed partial class MailParameters
{
    /// <summary>Octets; 0 when it was not given.</summary>
    public long Size { get; private set; }

    public BodyType Body { get; private set; }

    public bool SmtpUtf8 { get; private set; }

    public string? EnvelopeId { get; private set; }

    public DsnReturn Return { get; private set; }

    /// <summary>Seconds, 1 to 999,999,999; null when it was not given.</summary>
    public int? HoldFor { get; private set; }

    public DateTimeOffset? HoldUntil { get; private set; }

    /// <summary>HOLDFOR or HOLDUNTIL as it is told in reports: <c>for;seconds</c> or <c>until;time</c> (RFC 4865 §5.1.2).</summary>
    public string? HoldRequest { get; private set; }

    public ByParameter? By { get; private set; }

    /// <summary>−9 to 9; null when it was not given.</summary>
    public int? Priority { get; private set; }

    public bool RequireTls { get; private set; }

    /// <summary>The refusal of what is unknown or malformed; null when all is well.</summary>
    public static SmtpReply? Parse(IReadOnlyDictionary<string, string> parameters, out MailParameters parsed)
    {
        parsed = new();
        foreach (var (name, value) in parameters)
        {
            var ok = parsed.TryTake(name.ToUpperInvariant(), value);
            if (ok is not true)
            {
                // RFC 5321 §4.1.1.11.
                return ok is null ? new(555, "5.5.4", "unknown parameter") : SmtpReply.Syntax($"malformed parameter {name.ToUpperInvariant()}");
            }
        }

        // RFC 4865 §4.2, items 9 to 11.
        return parsed is { HoldFor: not null, HoldUntil: not null } ? SmtpReply.Syntax("HOLDFOR and HOLDUNTIL exclude each other") : null;
    }

    /// <summary>Null when there is no such parameter, false when the value is none of its.</summary>
    private bool? TryTake(string name, string value)
    {
        switch (name)
        {
            case "SIZE":
                Size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : -1;
                return Size >= 0;
            case "BODY":
                return TryTakeBody(value);
            case "SMTPUTF8":
                return SmtpUtf8 = value.Length == 0;
            case "RET":
                return TryTakeReturn(value);
            case "ENVID":
                return value.Length is > 0 and <= 100 && (EnvelopeId = PathArgument.DecodeXtext(value)) is not null;
            case "AUTH":
                // RFC 4954 §5: who first submitted it; we trust nobody's word on that, as the RFC allows.
                return value.Length > 0;
            case "HOLDFOR":
                return TryTakeHoldFor(value);
            case "HOLDUNTIL":
                return TryTakeHoldUntil(value);
            case "BY":
                return (By = ByParameter.TryParse(value)) is not null;
            case "MT-PRIORITY":
                return TryTakePriority(value);
            case "REQUIRETLS":
                return RequireTls = value.Length == 0;
            default:
                return null;
        }
    }

    private bool TryTakeBody(string value)
    {
        (var ok, Body) = value.ToUpperInvariant() switch
        {
            "7BIT" => (true, BodyType.SevenBit),
            "8BITMIME" => (true, BodyType.EightBitMime),
            "BINARYMIME" => (true, BodyType.BinaryMime),
            _ => (false, default),
        };
        return ok;
    }

    private bool TryTakeReturn(string value)
    {
        (var ok, Return) = value.ToUpperInvariant() switch
        {
            "FULL" => (true, DsnReturn.Full),
            "HDRS" => (true, DsnReturn.Headers),
            _ => (false, default),
        };
        return ok;
    }

    private bool TryTakeHoldFor(string value)
    {
        if (!Interval().IsMatch(value))
        {
            return false;
        }

        HoldFor = int.Parse(value, CultureInfo.InvariantCulture);
        HoldRequest = $"for;{value}";
        return true;
    }

    // RFC 4865 §3, with its erratum 2040: a date-time of RFC 3339 §5.6. The ABNF names its T and Z in either case.
    private bool TryTakeHoldUntil(string value)
    {
        if (!DateAndTime().IsMatch(value)
            || !DateTimeOffset.TryParse(value.ToUpperInvariant(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return false;
        }

        HoldUntil = time;
        HoldRequest = string.Create(CultureInfo.InvariantCulture, $"until;{time:yyyy-MM-ddTHH:mm:ssZ}");
        return true;
    }

    // RFC 6710 §7: no plus, and no minus before 0.
    private bool TryTakePriority(string value)
    {
        var ok = PriorityValue().IsMatch(value);
        Priority = ok ? int.Parse(value, CultureInfo.InvariantCulture) : null;
        return ok;
    }

    [GeneratedRegex(@"\A[1-9][0-9]{0,8}\z")]
    private static partial Regex Interval();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex DateAndTime();

    [GeneratedRegex(@"\A(-?[1-9]|0)\z")]
    private static partial Regex PriorityValue();
}

/// <summary>BY= of MAIL (RFC 2852 §4).</summary>
/// <param name="Seconds">−999,999,999 to 999,999,999; more than 0 where <paramref name="Return"/> is true.</param>
/// <param name="Return">True for R, false for N.</param>
/// <param name="Trace">True when a T follows.</param>
internal sealed partial record ByParameter(int Seconds, bool Return, bool Trace)
{
    /// <summary>Null when it is malformed.</summary>
    public static ByParameter? TryParse(string value)
    {
        if (Form().Match(value) is not { Success: true } match)
        {
            return null;
        }

        var by = new ByParameter(
            int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value is "R" or "r", match.Groups[3].Length > 0);
        return by is { Return: true, Seconds: <= 0 } ? null : by;
    }

    [GeneratedRegex(@"\A([+-]?[0-9]{1,9});([NnRr])([Tt]?)\z")]
    private static partial Regex Form();
}
