namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>DELE (RFC 1939 §5): a mark that counts when QUIT comes.</summary>
internal static class Dele
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var number = MessageNumber.Parse(new(arguments.Span));
        if (MessageNumber.Refusal(session.Maildrop!, number) is { } refusal)
        {
            return new(refusal);
        }

        session.Maildrop!.Delete(number);
        return new(Pop3Reply.Ok(Pop3Text.Deleted, number));
    }
}
