namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>UIDL (RFC 1939 §7).</summary>
internal static class Uidl
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var maildrop = session.Maildrop!;
        return new(MessageNumber.Listing(maildrop, new(arguments.Span), number => $"{number} {maildrop.UniqueId(number)}"));
    }
}
