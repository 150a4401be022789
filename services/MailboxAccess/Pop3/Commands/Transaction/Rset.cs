namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>RSET (RFC 1939 §5): no message is marked any more.</summary>
internal static class Rset
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        session.Maildrop!.Reset();
        return new(Pop3Reply.Ok(Pop3Text.Messages, session.Maildrop.Left, session.Maildrop.OctetsLeft));
    }
}
