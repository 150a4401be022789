namespace MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;

/// <summary>LOGIN (RFC 3501 §6.2.3).</summary>
internal static class Login
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (username, password) = Parse(new(arguments.Span));
        if (!session.PasswordsAllowed)
        {
            return ImapReply.No("Use TLS first", "PRIVACYREQUIRED");
        }

        return session.FinishLogin(await session.StartLogin().CheckPasswordAsync(username, password, cancellationToken).ConfigureAwait(false));
    }

    internal static (string Username, string Password) Parse(ImapReader reader)
    {
        reader.Space();
        var username = reader.AStringUtf8();
        reader.Space();
        var password = reader.AStringUtf8();
        reader.End();
        return (username, password);
    }
}
