using MailCloud.MailboxAccess.Imap.Commands.Any;

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

        var lookup = new AccountLookup(session.Services);
        var verdict = await session.Services.Passwords.CheckAsync(username, password, lookup.FindAsync, cancellationToken).ConfigureAwait(false);
        if (!verdict.IsRight || lookup.Account is not { } account)
        {
            return session.RefuseLogin();
        }

        await lookup.ReplaceAsync(verdict.Rehash, cancellationToken).ConfigureAwait(false);
        session.LogIn(account);
        return ImapReply.Ok("Logged in", Capability.Write(session));
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
