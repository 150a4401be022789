using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>What one line of a dialog asks of the host or of the relay.</summary>
internal enum MxStepKind
{
    /// <summary><c>S text</c>: the host says it.</summary>
    Say = 0,

    /// <summary><c>C text</c>: the relay must say it.</summary>
    Expect = 1,

    /// <summary><c>S &lt;close&gt;</c>: the host ends the connection.</summary>
    Close = 2,

    /// <summary><c>C &lt;close&gt;</c>: the relay must end it.</summary>
    ExpectClose = 3,

    /// <summary><c>TLS</c>: the handshake.</summary>
    Tls = 4,

    /// <summary><c>NEXT</c>: the relay must connect anew.</summary>
    Next = 5,

    /// <summary><c>STALL</c>: the host says nothing more.</summary>
    Stall = 6,
}

internal sealed record MxStep(MxStepKind Kind, string Text);

/// <summary>A dialog between a relay and a host as text; the page of these tests describes the format.</summary>
internal sealed partial class MxDialog
{
    private readonly List<MxStep> steps = [];
    private readonly List<string> deeds = [];

    /// <summary>The host's side.</summary>
    public IReadOnlyList<MxStep> Steps => steps;

    /// <summary>The relay's side: what it is to do (<c>&gt;</c>), and what must become of it (<c>&lt;</c>).</summary>
    public IReadOnlyList<string> Deeds => deeds;

    public static MxDialog Parse(IEnumerable<string> lines)
    {
        var dialog = new MxDialog();
        foreach (var line in lines.Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (line[0] is '>' or '<')
            {
                dialog.deeds.Add(line);
            }
            else
            {
                dialog.steps.Add(StepOf(line));
            }
        }

        return dialog;
    }

    /// <summary>Octets of a line without its end; <c>{xHH}</c> is a single octet.</summary>
    public static byte[] Octets(string text) =>
        Encoding.Latin1.GetBytes(Escape().Replace(
            Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)),
            match => ((char)byte.Parse(match.ValueSpan[2..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()));

    private static MxStep StepOf(string line) => line switch
    {
        "TLS" => new(MxStepKind.Tls, ""),
        "NEXT" => new(MxStepKind.Next, ""),
        "STALL" => new(MxStepKind.Stall, ""),
        "S <close>" => new(MxStepKind.Close, ""),
        "C <close>" => new(MxStepKind.ExpectClose, ""),
        "C" => new(MxStepKind.Expect, ""),
        _ when line.StartsWith("S ", StringComparison.Ordinal) => new(MxStepKind.Say, line[2..]),
        _ when line.StartsWith("C ", StringComparison.Ordinal) => new(MxStepKind.Expect, line[2..]),
        _ => throw new FormatException($"this is no line of a dialog: {line}"),
    };

    [GeneratedRegex(@"\{x[0-9A-Fa-f]{2}\}")]
    private static partial Regex Escape();
}
