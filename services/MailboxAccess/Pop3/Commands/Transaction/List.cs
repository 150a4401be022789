namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>LIST (RFC 1939 §5): octets of one message or of all, as RETR sends them but for the dots.</summary>
internal static class List
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var maildrop = session.Maildrop!;
        return new(MessageNumber.Listing(maildrop, new(arguments.Span), number => $"{number} {maildrop.Size(number)}"));
    }
}
