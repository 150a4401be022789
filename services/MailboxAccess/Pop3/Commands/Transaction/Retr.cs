using MailCloud.MailboxAccess.Pop3.Retrieval;

namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>RETR (RFC 1939 §5). It leaves the message's flags alone: \Seen is IMAP's.</summary>
internal static class Retr
{
    public static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var number = MessageNumber.Parse(new(arguments.Span));
        var found = await ShownMessage.FindAsync(session, number, cancellationToken).ConfigureAwait(false);
        if (found.Octets is not { } octets)
        {
            return found.Refusal!;
        }

        var message = await WholeStream.OpenAsync(octets, cancellationToken).ConfigureAwait(false);
        return Pop3Reply.Ok(Pop3Text.Octets, octets.Whole.Length) with { Message = message };
    }
}
