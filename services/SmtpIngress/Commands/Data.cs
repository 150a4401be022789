using MailCloud.Messages;
using MailCloud.Wire;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.4.</summary>
internal static class Data
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        var transaction = session.Transaction!;
        if (args.Length > 0)
        {
            return SmtpReply.Syntax("DATA takes no argument");
        }

        if (transaction.Recipients.Count == 0)
        {
            return new(554, "5.5.1", "no valid recipients");
        }

        // RFC 3030 §3: BINARYMIME comes by BDAT only.
        if (transaction.Body == BodyType.BinaryMime)
        {
            return new(503, "5.5.1", "BINARYMIME needs BDAT");
        }

        var intake = MessageIntake.Start(session, transaction);
        try
        {
            await session.AskAsync(new(354, null, "go ahead, end with <CRLF>.<CRLF>"), cancellationToken).ConfigureAwait(false);
            var result = await DotReader.ReadAsync(session.Input, session.Options.MaxMessageSize, session.Pace, intake.WriteAsync, cancellationToken).ConfigureAwait(false);
            intake.Refusal ??= result.Status switch
            {
                DotStatus.BareLineEnd => SmtpReply.BareLineEnd,
                DotStatus.TooLarge => SmtpReply.TooLarge,
                _ => null,
            };
            return await intake.FinishAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await intake.DisposeAsync().ConfigureAwait(false);
            await session.ResetAsync().ConfigureAwait(false);
        }
    }
}
