namespace MailCloud.MailboxAccess.Pop3.Commands.Authorization;

/// <summary>STLS (RFC 2595 §4).</summary>
internal static class Stls
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        if (!session.StlsIsOffered)
        {
            return new(Pop3Reply.Error(null, session.IsTls ? Pop3Text.TlsActive : Pop3Text.TlsUnavailable));
        }

        // What was sent ahead in clear could have been injected by somebody in between: it must not run inside TLS.
        session.DropPlaintext();
        return new(Pop3Reply.Ok(Pop3Text.BeginTls) with { Then = session.StartTlsAsync });
    }
}
