using System.Collections.Concurrent;
using MailCloud.Journal;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>
/// The same on a store that leaves mailboxes in doubt: each fifth write of a mailbox's journal fails once, in turn before it is made and after, when only the
/// answer is lost. Each time the mailbox's grain is made anew.
/// </summary>
public sealed class DoubtfulImapServer : ImapServer
{
    private static int faults;
    private readonly ConcurrentDictionary<(string, long), bool> failed = [];

    /// <summary>How often a write has failed so far, in all servers of this kind.</summary>
    internal static int Faults => Volatile.Read(ref faults);

    protected override void Replace(IServiceCollection services) => services.FailAppends(Next);

    private AppendFault Next(string journal, JournalHead head)
    {
        // The first few make the account.
        if (!journal.StartsWith("mailbox/", StringComparison.Ordinal) || head.Position < 5 || head.Position % 5 != 0 || !failed.TryAdd((journal, head.Position), true))
        {
            return AppendFault.None;
        }

        Interlocked.Increment(ref faults);
        return head.Position % 10 == 0 ? AppendFault.NotWritten : AppendFault.AnswerLost;
    }
}
