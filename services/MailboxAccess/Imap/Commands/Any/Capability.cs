using MailCloud.Credentials.Sasl;

namespace MailCloud.MailboxAccess.Imap.Commands.Any;

/// <summary>CAPABILITY (RFC 3501 §6.1.1): only what works, here and now.</summary>
internal static class Capability
{
    private const string Always = "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID NAMESPACE UNSELECT IDLE ENABLE CONDSTORE QRESYNC CHILDREN STATUS=SIZE"
        + " UIDPLUS MOVE MULTIAPPEND QUOTA QUOTA=RES-STORAGE SPECIAL-USE CREATE-SPECIAL-USE ESEARCH WITHIN BINARY OBJECTID";

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Writer.Line("* " + Write(session));
        return ValueTask.FromResult(ImapReply.Ok("CAPABILITY completed"));
    }

    /// <summary>The capabilities in this state, also for the greeting and for the response code after login.</summary>
    public static string Write(ImapSession session)
    {
        // RFC 7889 §3.1: one limit for all mailboxes.
        var always = $"{Always} APPENDLIMIT={session.Services.Options.MaxAppendLength}";
        if (session.State != ImapState.NotAuthenticated)
        {
            // RFC 9698 §3: to who is logged in, as the same credentials open JMAP.
            always += session.Services.Options.JmapUrl.Length > 0 ? " JMAPACCESS" : "";

            // RFC 4978 §3: offered until it is active.
            return session.IsCompressed ? always : always + " COMPRESS=DEFLATE";
        }

        var mechanisms = SaslMechanisms.Offered(session.ChannelBindings, session.PasswordsAllowed);
        var text = always + string.Concat(mechanisms.Select(mechanism => " AUTH=" + mechanism));
        if (StartTlsIsOffered(session))
        {
            text += " STARTTLS";
        }

        // RFC 3501 §6.2.3: LOGINDISABLED where a password would travel in clear.
        return session.PasswordsAllowed ? text : text + " LOGINDISABLED";
    }

    public static bool StartTlsIsOffered(ImapSession session) => !session.IsTls && session.Services.Certificates.HasCertificate;
}
