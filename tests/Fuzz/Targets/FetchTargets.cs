using System.IO.Pipelines;
using System.Text;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.Messages;
using MailCloud.Wire;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>What IMAP says of a message that others made: a client's parser must be able to read it.</summary>
internal static class FetchTargets
{
    private static readonly BodySection[] Choices =
    [
        new([], SectionText.HeaderFields, ["from", "Subject", "x"]),
        new([], SectionText.HeaderFieldsNot, ["from", "Subject", "x"]),
    ];

    private static readonly int[][] Paths = [[], [1], [2], [1, 1], [1, 2], [2, 1], [1, 1, 1], [2, 2, 1], [1, int.MaxValue]];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("body-structure", Structure)
        {
            MaxLength = 768,
            AllocationPerOctet = 2500,
            Tokens = ["\r\n--b\r\n", "--b--", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n", "Content-Disposition: inline; a=\"\\\\\"\r\n", "Content-Language: en, de\r\n", "From: g: a@b;\r\n", "\"", "\\", "\r", "\r\n\r\n", "é", "\0"],
            Seeds = MessageTargets.Mail,
        },
        new("chosen-fields", Chosen)
        {
            MaxLength = 384,
            Tokens = ["From:", "SUBJECT :", "x:", "y: ", "\r\n ", "\r\n\t", "\n", "\r\n\r\n", "\r", ":"],
            Seeds = MessageTargets.Mail,
        },
    ];

    private static void Structure(ReadOnlyMemory<byte> input)
    {
        var scanner = new MimeScanner();
        scanner.Feed(input.Span);
        var summary = scanner.Finish();
        var written = new MemoryStream();
        var pipe = PipeWriter.Create(written);
        var writer = new ImapWriter(new(pipe, TimeProvider.System, TimeSpan.FromMinutes(1), int.MaxValue));
        BodyStructureWriter.Write(writer, summary.Structure, extended: false);
        writer.Raw(" "u8);
        BodyStructureWriter.Write(writer, summary.Structure, extended: true);
        writer.Raw(" "u8);
        EnvelopeWriter.Write(writer, summary.Envelope);
        AtOnce.Get(writer.FlushAsync(default));
        var reader = new ResponseReader(written.ToArray());
        reader.Body(extended: false);
        reader.Take(' ');
        reader.Body(extended: true);
        reader.Take(' ');
        reader.Envelope();
        ThrowIf(!reader.AtEnd, "nothing follows");
        foreach (var path in Paths)
        {
            CheckSections(path, summary.Structure, input.Length);
        }
    }

    private static void CheckSections(int[] path, BodyPart root, int length)
    {
        const int prefix = 7;
        foreach (var text in Enum.GetValues<SectionText>())
        {
            if (new BodySection(path, text, []).Locate(root, prefix, length) is { } range)
            {
                ThrowIf(range.Offset < 0 || range.Length < 0 || range.Offset + range.Length > prefix + length, "a section lies within the message");
            }
        }
    }

    private static void Chosen(ReadOnlyMemory<byte> input)
    {
        foreach (var section in Choices)
        {
            var atOnce = MailboxAccess.Imap.Fetch.HeaderFields.Choose(input.Span, section);
            using var stream = new ChosenFields(new PiecewiseStream(input), section);
            var read = new MemoryStream();
            var buffer = new byte[50];
            int count;
            while ((count = AtOnce.Get(stream.ReadAsync(buffer))) > 0)
            {
                read.Write(buffer.AsSpan(0, count));
            }

            // A longer name is none where the header is read piece by piece.
            ThrowIf(input.Length < 1000 && !read.ToArray().AsSpan().SequenceEqual(atOnce), "long headers give what short ones do");
        }
    }

    private sealed class PiecewiseStream(ReadOnlyMemory<byte> input) : ForwardStream
    {
        private readonly Engine.Dice dice = Pieces.DiceOf(input.Span);
        private ReadOnlyMemory<byte> rest = input;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var taken = rest[..Math.Min(Math.Min(rest.Length, buffer.Length), 1 + dice.Below(40))];
            taken.CopyTo(buffer);
            rest = rest[taken.Length..];
            return ValueTask.FromResult(taken.Length);
        }
    }

    /// <summary>RFC 3501 §9's grammar of body and envelope, by the letter.</summary>
    private sealed class ResponseReader(byte[] octets)
    {
        private int at;

        public bool AtEnd => at == octets.Length;

        private char Peek => at < octets.Length ? (char)octets[at] : '\0';

        public void Take(char c)
        {
            ThrowIf(Peek != c, $"the grammar has '{c}' here");
            at++;
        }

        // body = "(" (body-type-1part / body-type-mpart) ")"
        public void Body(bool extended)
        {
            Take('(');
            if (Peek == '(')
            {
                while (Peek == '(')
                {
                    Body(extended);
                }

                Take(' ');
                String();
                if (extended)
                {
                    Take(' ');
                    Strings(pairs: true);
                    Extension();
                }
            }
            else
            {
                SinglePart(extended);
            }

            Take(')');
        }

        public void Envelope()
        {
            Take('(');
            NString();
            Take(' ');
            NString();
            for (var field = 0; field < 6; field++)
            {
                Take(' ');
                Addresses();
            }

            Take(' ');
            NString();
            Take(' ');
            NString();
            Take(')');
        }

        private void SinglePart(bool extended)
        {
            var type = String();
            Take(' ');
            var subtype = String();
            Take(' ');
            Strings(pairs: true);
            Take(' ');
            NString();
            Take(' ');
            NString();
            Take(' ');
            String();
            Take(' ');
            Number();

            // body-type-msg has an envelope, a body and lines; body-type-text lines; body-type-basic neither.
            if (type.Equals("message", StringComparison.OrdinalIgnoreCase) && subtype.ToUpperInvariant() is "RFC822" or "GLOBAL")
            {
                Take(' ');
                Envelope();
                Take(' ');
                Body(extended);
                Take(' ');
                Number();
            }
            else if (type.Equals("text", StringComparison.OrdinalIgnoreCase))
            {
                Take(' ');
                Number();
            }

            if (extended)
            {
                Take(' ');
                NString();
                Extension();
            }
        }

        private void Extension()
        {
            Take(' ');
            if (!TryNil())
            {
                Take('(');
                String();
                Take(' ');
                Strings(pairs: true);
                Take(')');
            }

            Take(' ');
            Strings(pairs: false);
            Take(' ');
            NString();
        }

        private void Addresses()
        {
            if (TryNil())
            {
                return;
            }

            Take('(');
            do
            {
                Take('(');
                NString();
                Take(' ');
                NString();
                Take(' ');
                NString();
                Take(' ');
                NString();
                Take(')');
            }
            while (Peek == '(');
            Take(')');
        }

        private void Strings(bool pairs)
        {
            if (TryNil())
            {
                return;
            }

            Take('(');
            var count = 1;
            String();
            while (Peek == ' ')
            {
                Take(' ');
                String();
                count++;
            }

            Take(')');
            ThrowIf(pairs && count % 2 != 0, "names have values");
        }

        private bool TryNil()
        {
            var isNil = octets.AsSpan(at).StartsWith("NIL"u8);
            at += isNil ? 3 : 0;
            return isNil;
        }

        private void NString()
        {
            if (!TryNil())
            {
                String();
            }
        }

        private string String()
        {
            if (Peek == '{')
            {
                at++;
                var length = Number();
                Take('}');
                Take('\r');
                Take('\n');
                ThrowIf(at + length > octets.Length, "a literal is as long as it says");
                at += length;
                return Encoding.Latin1.GetString(octets, at - length, length);
            }

            Take('"');
            var text = new StringBuilder();
            while (Peek != '"')
            {
                if (Peek == '\\')
                {
                    at++;
                    ThrowIf(Peek is not ('"' or '\\'), "only quoted-specials are escaped");
                }

                ThrowIf(Peek is '\0' or '\r' or '\n' or > '\x7f', "a quoted string has text only");
                text.Append(Peek);
                at++;
            }

            at++;
            return text.ToString();
        }

        private int Number()
        {
            var number = 0;
            ThrowIf(!char.IsAsciiDigit(Peek), "the grammar has a number here");
            for (; char.IsAsciiDigit(Peek); at++)
            {
                number = (number * 10) + Peek - '0';
            }

            return number;
        }
    }
}
