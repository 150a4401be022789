namespace MailCloud.MailboxAccess.Pop3.Commands.Authorization;

/// <summary>PASS (RFC 1939 §7), right behind USER; the password may have spaces.</summary>
internal static class Pass
{
    public static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        if (!session.PasswordsAllowed)
        {
            return Pop3Reply.Error("AUTH", Pop3Text.TlsFirst);
        }

        if (session.User is not { } user)
        {
            return Pop3Reply.Bad(Pop3Text.UserFirst);
        }

        session.User = null;
        var password = Pop3Arguments.Text(arguments.Span);
        var outcome = await session.StartLogin().CheckPasswordAsync(user, password, cancellationToken).ConfigureAwait(false);
        return await session.FinishLoginAsync(outcome, cancellationToken).ConfigureAwait(false);
    }
}
