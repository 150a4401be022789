namespace MailCloud.MailboxAccess.Pop3.Commands.Authorization;

/// <summary>USER (RFC 1939 §7). Every name is good until its password comes: nobody learns which accounts exist.</summary>
internal static class User
{
    public static ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        if (!session.PasswordsAllowed)
        {
            return new(Pop3Reply.Error("AUTH", Pop3Text.TlsFirst));
        }

        session.User = Pop3Arguments.Text(arguments.Span).TrimEnd(' ');
        return new(Pop3Reply.Ok(Pop3Text.PasswordNext));
    }
}
