using System.Globalization;
using MailCloud.Messages;
using MailCloud.Wire;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 3030 §2. The chunk follows the command at once, so it is read whatever the reply is.</summary>
internal static class Bdat
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (!TryParse(args, out var size, out var last))
        {
            // Nobody knows where the next command begins.
            return SmtpReply.Syntax("BDAT size [LAST]") with { Then = Then.Close };
        }

        if (session.Transaction is not { Recipients.Count: > 0 } transaction)
        {
            await LiteralReader.SkipAsync(session.Input, size, session.Pace, cancellationToken).ConfigureAwait(false);
            return session.Transaction is null ? SmtpReply.BadSequence : new(554, "5.5.1", "no valid recipients");
        }

        var intake = transaction.Intake ??= MessageIntake.Start(session, transaction);
        await LiteralReader.ReadAsync(session.Input, size, session.Pace, (piece, ct) => TakeAsync(transaction, intake, piece, ct), cancellationToken).ConfigureAwait(false);
        if (last && transaction.Body != BodyType.BinaryMime && transaction.LineEnds.EndsInCr)
        {
            intake.Refusal ??= SmtpReply.BareLineEnd;
        }

        if (!last && intake.Refusal is null)
        {
            return new(250, "2.0.0", $"{size} octets received");
        }

        // RFC 3030 §2: after a refused chunk the message is over.
        var reply = last ? await intake.FinishAsync(cancellationToken).ConfigureAwait(false) : intake.Refuse();
        await session.ResetAsync().ConfigureAwait(false);
        return reply;
    }

    internal static bool TryParse(string args, out long size, out bool last)
    {
        var words = args.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        last = words.Length == 2 && words[1].Equals("LAST", StringComparison.OrdinalIgnoreCase);
        size = 0;
        return words.Length is 1 or 2 && last == (words.Length == 2)
            && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out size);
    }

    private static async ValueTask TakeAsync(Transaction transaction, MessageIntake intake, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        // First, so that what is refused has a Message-ID too, as it has behind DATA.
        await intake.WriteAsync(piece, cancellationToken).ConfigureAwait(false);

        // Without BINARYMIME a chunk holds lines as DATA does.
        if (transaction.Body != BodyType.BinaryMime)
        {
            transaction.LineEnds.Add(piece.Span);
            intake.Refusal ??= transaction.LineEnds.FoundBare ? SmtpReply.BareLineEnd : null;
        }
    }
}
