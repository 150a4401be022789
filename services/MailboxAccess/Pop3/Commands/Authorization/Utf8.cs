namespace MailCloud.MailboxAccess.Pop3.Commands.Authorization;

/// <summary>UTF8 (RFC 6856 §2.1): from here on to the end of the connection headers may have UTF-8.</summary>
internal static class Utf8
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        session.IsUtf8 = true;
        return new(Pop3Reply.Ok(Pop3Text.Utf8On));
    }
}
