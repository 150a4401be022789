using MailCloud.MailboxAccess.Imap.Commands.Any;
using MailCloud.MailboxAccess.Login;

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

        var outcome = await session.StartLogin().CheckPasswordAsync(username, password, cancellationToken).ConfigureAwait(false);
        if (outcome.Verdict != LoginVerdict.LoggedIn)
        {
            return session.RefuseLogin();
        }

        session.LogIn(outcome.Account);
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
