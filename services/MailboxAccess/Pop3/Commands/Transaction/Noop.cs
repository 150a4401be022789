namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>NOOP (RFC 1939 §5).</summary>
internal static class Noop
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        return new(Pop3Reply.Ok(Pop3Text.Done));
    }
}
