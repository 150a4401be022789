using System.Collections.Frozen;
using MailCloud.MailboxAccess.Pop3.Commands.Any;
using MailCloud.MailboxAccess.Pop3.Commands.Authorization;
using MailCloud.MailboxAccess.Pop3.Commands.Transaction;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>The states of RFC 1939 §3; UPDATE is what QUIT does.</summary>
[Flags]
internal enum Pop3State
{
    Authorization = 1,
    Transaction = 2,
    Any = Authorization | Transaction,
}

/// <param name="session">The session, of which a verb uses its narrow members.</param>
/// <param name="arguments">The octets after the verb; they begin with a space, if any. Valid until the next line is read.</param>
/// <param name="cancellationToken">Set when the connection is gone.</param>
internal delegate ValueTask<Pop3Reply> VerbHandler(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken);

/// <param name="Name">The verb in upper case.</param>
/// <param name="LegalIn">The states in which it may be given.</param>
/// <param name="RunAsync">What it does.</param>
internal sealed record Verb(string Name, Pop3State LegalIn, VerbHandler RunAsync);

/// <summary>Every verb and the states in which it is legal (RFC 1939 §4 to §7, RFC 2449 §5, RFC 2595 §4, RFC 5034 §4, RFC 6856 §2 and §3).</summary>
internal static class Pop3Verbs
{
    public static readonly FrozenDictionary<string, Verb> All = new Verb[]
    {
        new("CAPA", Pop3State.Any, Capa.RunAsync),
        new("LANG", Pop3State.Any, Lang.RunAsync),
        new("QUIT", Pop3State.Any, Quit.RunAsync),
        new("USER", Pop3State.Authorization, User.RunAsync),
        new("PASS", Pop3State.Authorization, Pass.RunAsync),
        new("AUTH", Pop3State.Authorization, Auth.RunAsync),
        new("STLS", Pop3State.Authorization, Stls.RunAsync),
        new("UTF8", Pop3State.Authorization, Utf8.RunAsync),
        new("STAT", Pop3State.Transaction, Stat.RunAsync),
        new("LIST", Pop3State.Transaction, Commands.Transaction.List.RunAsync),
        new("UIDL", Pop3State.Transaction, Uidl.RunAsync),
        new("RETR", Pop3State.Transaction, Retr.RunAsync),
        new("TOP", Pop3State.Transaction, Top.RunAsync),
        new("DELE", Pop3State.Transaction, Dele.RunAsync),
        new("NOOP", Pop3State.Transaction, Noop.RunAsync),
        new("RSET", Pop3State.Transaction, Rset.RunAsync),
    }.ToFrozenDictionary(verb => verb.Name, StringComparer.OrdinalIgnoreCase);
}
