using System.Collections.Frozen;
using MailCloud.MailboxAccess.Imap.Commands.Any;
using MailCloud.MailboxAccess.Imap.Commands.Authenticated;
using MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;
using MailCloud.MailboxAccess.Imap.Commands.Selected;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>The states of RFC 3501 §3; logout is the end of the session.</summary>
[Flags]
internal enum ImapState
{
    NotAuthenticated = 1,
    Authenticated = 2,
    Selected = 4,
    LoggedIn = Authenticated | Selected,
    Any = NotAuthenticated | LoggedIn,
}

/// <param name="session">The session, of which a verb uses its narrow members.</param>
/// <param name="arguments">The octets after the verb; they begin with a space, if any. Valid until the next line is read.</param>
/// <param name="cancellationToken">Set when the connection is gone.</param>
internal delegate ValueTask<ImapReply> VerbHandler(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken);

/// <param name="Name">The verb in upper case; a UID command with its own name after it.</param>
/// <param name="LegalIn">The states in which it may be given.</param>
/// <param name="RunAsync">What it does.</param>
/// <param name="HoldsNumbers">No EXPUNGE may be sent while it is in progress (RFC 3501 §7.4.1); UID commands are not among these.</param>
internal sealed record Verb(string Name, ImapState LegalIn, VerbHandler RunAsync, bool HoldsNumbers = false);

/// <summary>Every verb and the states in which it is legal (RFC 3501 §6).</summary>
internal static class ImapVerbs
{
    public static readonly FrozenDictionary<string, Verb> All = new Verb[]
    {
        new("CAPABILITY", ImapState.Any, Capability.RunAsync),
        new("NOOP", ImapState.Any, Noop.RunAsync),
        new("LOGOUT", ImapState.Any, Logout.RunAsync),
        new("ID", ImapState.Any, Id.RunAsync),
        new("STARTTLS", ImapState.NotAuthenticated, StartTls.RunAsync),
        new("AUTHENTICATE", ImapState.NotAuthenticated, Authenticate.RunAsync),
        new("LOGIN", ImapState.NotAuthenticated, Commands.NotAuthenticated.Login.RunAsync),
        new("SELECT", ImapState.LoggedIn, Select.RunAsync),
        new("EXAMINE", ImapState.LoggedIn, Examine.RunAsync),
        new("CREATE", ImapState.LoggedIn, Create.RunAsync),
        new("DELETE", ImapState.LoggedIn, Delete.RunAsync),
        new("RENAME", ImapState.LoggedIn, Rename.RunAsync),
        new("SUBSCRIBE", ImapState.LoggedIn, Subscribe.RunAsync),
        new("UNSUBSCRIBE", ImapState.LoggedIn, Unsubscribe.RunAsync),
        new("LIST", ImapState.LoggedIn, List.RunAsync),
        new("LSUB", ImapState.LoggedIn, Lsub.RunAsync),
        new("STATUS", ImapState.LoggedIn, Status.RunAsync),
        new("NAMESPACE", ImapState.LoggedIn, Namespace.RunAsync),
        new("ENABLE", ImapState.LoggedIn, Enable.RunAsync),
        new("GETJMAPACCESS", ImapState.LoggedIn, GetJmapAccess.RunAsync),
        new("APPEND", ImapState.LoggedIn, Append.RunAsync),
        new("GETQUOTA", ImapState.LoggedIn, GetQuota.RunAsync),
        new("GETQUOTAROOT", ImapState.LoggedIn, GetQuotaRoot.RunAsync),
        new("SETQUOTA", ImapState.LoggedIn, SetQuota.RunAsync),
        new("IDLE", ImapState.LoggedIn, Idle.RunAsync),
        new("COMPRESS", ImapState.LoggedIn, Compress.RunAsync),
        new("CHECK", ImapState.Selected, Check.RunAsync),
        new("CLOSE", ImapState.Selected, Close.RunAsync),
        new("UNSELECT", ImapState.Selected, Unselect.RunAsync),
        new("EXPUNGE", ImapState.Selected, Expunge.RunAsync),
        new("COPY", ImapState.Selected, Copy.RunAsync),
        new("MOVE", ImapState.Selected, Move.RunAsync),
        new("FETCH", ImapState.Selected, Commands.Selected.Fetch.RunAsync, HoldsNumbers: true),
        new("STORE", ImapState.Selected, Store.RunAsync, HoldsNumbers: true),
        new("SEARCH", ImapState.Selected, Commands.Selected.Search.RunAsync, HoldsNumbers: true),
        new("UID EXPUNGE", ImapState.Selected, Expunge.RunUidAsync),
        new("UID COPY", ImapState.Selected, Copy.RunUidAsync),
        new("UID MOVE", ImapState.Selected, Move.RunUidAsync),
        new("UID FETCH", ImapState.Selected, Commands.Selected.Fetch.RunUidAsync),
        new("UID STORE", ImapState.Selected, Store.RunUidAsync),
        new("UID SEARCH", ImapState.Selected, Commands.Selected.Search.RunUidAsync),
    }.ToFrozenDictionary(verb => verb.Name, StringComparer.OrdinalIgnoreCase);
}
