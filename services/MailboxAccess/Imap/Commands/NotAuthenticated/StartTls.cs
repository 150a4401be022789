using MailCloud.MailboxAccess.Imap.Commands.Any;

namespace MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;

/// <summary>STARTTLS (RFC 3501 §6.2.1).</summary>
internal static class StartTls
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        if (!Capability.StartTlsIsOffered(session))
        {
            return ValueTask.FromResult(ImapReply.Bad(session.IsTls ? "TLS is active already" : "TLS is not available"));
        }

        // What was sent ahead in clear could have been injected by somebody in between: it must not run inside TLS.
        session.DropPlaintext();
        return ValueTask.FromResult(ImapReply.Ok("Begin TLS negotiation now") with { Then = session.StartTlsAsync });
    }
}
