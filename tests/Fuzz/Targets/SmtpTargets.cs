using System.Globalization;
using System.Text;
using MailCloud.Messages;
using MailCloud.SmtpIngress;
using MailCloud.SmtpIngress.Commands;
using MailCloud.Submission;
using MailCloud.Wire;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>SMTP's commands, and what is looked at in a message that goes by.</summary>
internal static class SmtpTargets
{
    private static readonly EmailAddress Owner = new("alice", "example.test");
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("smtp-command", Command)
        {
            MaxLength = 256,
            Seeds = s => s.Smtp,
            Tokens =
            [
                "MAIL FROM:", "RCPT TO:", "BDAT ", " LAST", "EHLO ", "HELO ", "<>", "<@a,@b:c@d>", "<\"a b\"@c>", "<postmaster>", " SIZE=", " BODY=8BITMIME", " BODY=BINARYMIME", " SMTPUTF8", " RET=HDRS", " ENVID=",
                " NOTIFY=SUCCESS,DELAY", " NOTIFY=NEVER", " ORCPT=rfc822;", "+41", "+2B", " AUTH=<>", " HOLDFOR=", " HOLDUNTIL=2026-11-27T12:00:00Z", "+05:30", " BY=", ";R", ";NT", " MT-PRIORITY=", " REQUIRETLS", "999999999", "9223372036854775807", "é", "\uFFFE", "😀",
            ],
        },
        new("xtext", Xtext) { MaxLength = 96, Seeds = _ => Seeds.Of("QQ314159", "a+2Bb", "+C3+A9", "é😀", "+"), Tokens = ["+", "+41", "+0a", "+7F", "😀", "="] },
        new("smtp-header", Header)
        {
            MaxLength = 512,
            Seeds = s =>
            [
                .. Seeds.Of("From: a@b\r\nBcc: c@d,\r\n e@f\r\nSubject: s\r\n\r\nbody\r\n", "Received: x\r\n y\r\nReceived: z\r\n\r\n", "TLS-Required: No\r\nSubject: s\r\n\r\n", "no header at all\r\n", "\r\nbody", "Resent-From: a@b\r\nFrom: c@d\r\nFrom: e@f\r\n\r\n"),
                .. s.Mail,
            ],
            Tokens = ["From:", "Bcc:", "Resent-Bcc:", "Resent-From:", "Received:", "Date:", "Message-ID:", "TLS-Required:", " No", "\r\n ", "\r\n\t", "\r\n\r\n", "\r\n", new string('n', 128)],
        },
    ];

    // As SmtpSession does: UTF-8 without controls, the verb, its arguments without spaces around them.
    private static void Command(ReadOnlyMemory<byte> input)
    {
        if (!TryDecode(input.Span, out var line))
        {
            return;
        }

        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var args = space < 0 ? "" : line[(space + 1)..].Trim(' ');
        switch ((space < 0 ? line : line[..space]).ToUpperInvariant())
        {
            case "MAIL" or "SEND" or "SOML" or "SAML":
                CheckMail(args);
                break;
            case "RCPT":
                CheckRcpt(args);
                break;
            case "BDAT":
                ThrowIf(Bdat.TryParse(args, out var size, out _) && size < 0, "a chunk has a size");
                break;
            case "EHLO" or "HELO":
                ThrowIf(Helo.IsName(args) && args.AsSpan().ContainsAny(' ', '\t', '('), "a host name stands in a trace field as it is");
                break;
        }
    }

    private static void CheckMail(string args)
    {
        if (Mail.Parse(args, out var sender, out var parameters) is { } refusal)
        {
            CheckRefusal(refusal);
            return;
        }

        ThrowIf(parameters.Size < 0, "a size is no less than nothing");
        ThrowIf(sender is { IsInternational: true } && !parameters.SmtpUtf8, "an international sender needs SMTPUTF8");
        ThrowIf(parameters.HoldFor is not null && parameters.HoldUntil is not null, "RFC 4865 §4.2: one of the two");
        ThrowIf(parameters.HoldFor is < 1 or > 999_999_999, "RFC 4865 §3: a hold is a positive integer of nine digits");
        ThrowIf((parameters.HoldRequest is null) != (parameters.HoldFor is null && parameters.HoldUntil is null), "a report repeats what was asked for");
        ThrowIf(parameters.By is { Return: true, Seconds: <= 0 } or { Seconds: < -999_999_999 or > 999_999_999 }, "RFC 2852 §4: a time in which something can be returned, of nine digits");
        ThrowIf(parameters.Priority is < -9 or > 9, "RFC 6710 §7: a priority is -9 to 9");
        CheckAddress(sender);
        CheckParameter(parameters.EnvelopeId);
        CheckParameter(parameters.HoldRequest);
    }

    private static void CheckRcpt(string args)
    {
        if (Rcpt.Parse(args, "example.test", out var recipient) is { } refusal)
        {
            CheckRefusal(refusal);
            return;
        }

        CheckAddress(recipient.Address);
        CheckParameter(recipient.OriginalRecipient);
        ThrowIf(recipient.Notify.HasFlag(DsnNotify.Never) && recipient.Notify != DsnNotify.Never, "RFC 3461 §4.1: NEVER stands alone");
    }

    // What each recipient and sender is asked for on the way.
    private static void CheckAddress(EmailAddress? address)
    {
        if (address is { } given)
        {
            ThrowIf(given.Key.Length == 0, "an address has a key");
            ThrowIf(!EmailAddress.TryParse(given.ToString(), out var again) || again != given, "an address is read back as it was written");
        }
    }

    private static void CheckRefusal(SmtpReply refusal) => ThrowIf(refusal.Code is < 500 or > 559, "a malformed command is refused for good");

    private static void CheckParameter(string? value) => ThrowIf(value?.Any(c => c < ' ' || c == 127) ?? false, "a parameter has no controls: it stands in a report's header");

    private static void Xtext(ReadOnlyMemory<byte> input)
    {
        if (!TryDecode(input.Span, out var text))
        {
            return;
        }

        if (!text.Contains('+', StringComparison.Ordinal))
        {
            ThrowIf(PathArgument.DecodeXtext(text) != text, "what has no plus stands for itself");
        }

        ThrowIf(PathArgument.DecodeXtext(EncodeXtext(text)) != text, "xtext is read back as it was written");
        _ = PathArgument.DecodeXtext(text);
    }

    // RFC 3461 §4.
    private static string EncodeXtext(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(
        octet => octet is < 33 or > 126 or (byte)'+' or (byte)'=' ? string.Create(CultureInfo.InvariantCulture, $"+{octet:X2}") : ((char)octet).ToString()));

    private static void Header(ReadOnlyMemory<byte> input)
    {
        var check = default(LineEndCheck);
        check.Add(input.Span);
        if (check.FoundBare || check.EndsInCr)
        {
            return;
        }

        CheckHeader(input, () => new HeaderSection());
        CheckHeader(input, () => new HeaderSection(Owner, "<id@example.test>", Now));
    }

    private static void CheckHeader(ReadOnlyMemory<byte> input, Func<HeaderSection> create)
    {
        var (whole, octets) = Take(create(), [input]);
        var (cut, cutOctets) = Take(create(), Cut(input));
        ThrowIf(!octets.AsSpan().SequenceEqual(cutOctets), "what goes on does not depend on how it comes");
        ThrowIf(
            whole.ReceivedFields != cut.ReceivedFields || whole.AsksForNoTls != cut.AsksForNoTls || whole.HasResentFrom != cut.HasResentFrom || (!whole.IsOriginatorTooLong && !whole.Originator.Span.SequenceEqual(cut.Originator.Span)),
            "what is seen does not depend on how it comes");
    }

    private static (HeaderSection Section, byte[] Octets) Take(HeaderSection section, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var octets = new MemoryStream();
        foreach (var piece in pieces)
        {
            octets.Write(section.Take(piece).Span);
        }

        octets.Write(section.Finish().Span);
        return (section, octets.ToArray());
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Cut(ReadOnlyMemory<byte> input)
    {
        var dice = Pieces.DiceOf(input.Span);
        while (!input.IsEmpty)
        {
            var size = 1 + dice.Below(Math.Min(input.Length, 40));
            yield return input[..size];
            input = input[size..];
        }
    }

    private static bool TryDecode(ReadOnlySpan<byte> octets, out string line)
    {
        var isText = octets.IndexOfAnyInRange((byte)0, (byte)31) < 0 && !octets.Contains((byte)127) && System.Text.Unicode.Utf8.IsValid(octets);
        line = isText ? Encoding.UTF8.GetString(octets) : "";
        return isText;
    }
}
