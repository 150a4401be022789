using MailCloud.Credentials.Sasl;

namespace MailCloud.MailboxAccess.Pop3.Commands.Any;

/// <summary>CAPA (RFC 2449 §5): only what works, here and now. LOGIN-DELAY is not listed since none is enforced.</summary>
internal static class Capa
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        return new(Pop3Reply.Ok(Pop3Text.List) with { Lines = Capabilities(session) });
    }

    private static IEnumerable<string> Capabilities(Pop3Session session)
    {
        yield return "TOP";
        if (session.PasswordsAllowed)
        {
            yield return "USER";
        }

        yield return "SASL " + string.Join(' ', SaslMechanisms.Offered(session.ChannelBindings, session.PasswordsAllowed));
        if (session.State == Pop3State.Authorization && session.StlsIsOffered)
        {
            yield return "STLS";
        }

        yield return "PIPELINING";
        yield return "RESP-CODES";
        yield return "AUTH-RESP-CODE";

        // RFC 6856 §2.2: USER and PASS take UTF-8.
        yield return "UTF8 USER";
        yield return "LANG";
        yield return "UIDL";

        // RFC 2449 §6.7: nothing is removed but by the client.
        yield return "EXPIRE NEVER";
        yield return "IMPLEMENTATION MailCloud";
    }
}
