using System.Text;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Messages with their summaries written by hand, so that these tests do not lean on the parser.</summary>
public sealed record SampleMail(byte[] Body, MessageSummary Summary)
{
    public const string Prefix = "Return-Path: <bob@example.test>\r\n";

    private const string PlainHeader = "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: Lunch\r\nDate: Sun, 1 Feb 2026 12:00:00 +0000\r\n\r\n";
    private const string PlainText = "Noon?\r\nBob\r\n";
    private const string MixedHeader = "From: Bob <bob@example.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    private const string FirstHead = "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
    private const string First = "Sch=C3=B6n";
    private const string SecondHead = "\r\n--b\r\nContent-Type: image/png\r\n\r\n";
    private const string Second = "PNG";
    private const string Tail = "\r\n--b--\r\n";

    public static readonly IReadOnlyList<SampleMail> All = [Plain(), Mixed(), Plain()];

    private static SampleMail Plain() => new(Encoding.ASCII.GetBytes(PlainHeader + PlainText), new()
    {
        Envelope = Envelope("Lunch", "Sun, 1 Feb 2026 12:00:00 +0000") with { To = [new(null, null, "alice", "example.test")] },
        Header = Encoding.ASCII.GetBytes(PlainHeader),
        Structure = new()
        {
            Type = "text",
            Subtype = "plain",
            Lines = 2,
            BodyOffset = PlainHeader.Length,
            BodyLength = PlainText.Length,
        },
    });

    private static SampleMail Mixed()
    {
        var firstAt = MixedHeader.Length + FirstHead.Length;
        var secondAt = firstAt + First.Length + SecondHead.Length;
        var body = MixedHeader + FirstHead + First + SecondHead + Second + Tail;
        return new(Encoding.ASCII.GetBytes(body), new()
        {
            Envelope = Envelope("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", null),
            Header = Encoding.ASCII.GetBytes(MixedHeader),
            Structure = new()
            {
                Type = "multipart",
                Subtype = "mixed",
                Parameters = ["boundary", "b"],
                BodyOffset = MixedHeader.Length,
                BodyLength = body.Length - MixedHeader.Length,
                Parts =
                [
                    new()
                    {
                        Type = "text", Subtype = "plain", Parameters = ["charset", "utf-8"], Encoding = "QUOTED-PRINTABLE", Lines = 1,
                        HeaderOffset = MixedHeader.Length + 5, BodyOffset = firstAt, BodyLength = First.Length,
                    },
                    new()
                    {
                        Type = "image", Subtype = "png", HeaderOffset = firstAt + First.Length + 7, BodyOffset = secondAt, BodyLength = Second.Length,
                    },
                ],
            },
        });
    }

    private static EnvelopeFields Envelope(string subject, string? date) => new()
    {
        Date = date,
        SentAt = date is null ? null : new DateTimeOffset(2026, 2, 1, 12, 0, 0, TimeSpan.Zero),
        Subject = subject,
        From = [new("Bob", null, "bob", "example.test")],
    };
}
