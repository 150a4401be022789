using System.Collections.Concurrent;
using MailCloud.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>
/// The same on a store that leaves mailboxes in doubt: each fifth write of a mailbox's journal fails once, in turn before it is made and after, when only the
/// answer is lost. Each time the mailbox's grain is made anew.
/// </summary>
public sealed class DoubtfulImapServer : ImapServer
{
    /// <summary>How often a write has failed so far, in all servers of this kind.</summary>
    internal static int Faults => DoubtfulJournal.Faults;

    protected override void Replace(IServiceCollection services)
    {
        var real = services.Last(service => service.ServiceType == typeof(IJournal));
        services.AddSingleton<IJournal>(provider => new DoubtfulJournal((IJournal)ActivatorUtilities.CreateInstance(provider, real.ImplementationType!)));
    }

    private sealed class DoubtfulJournal(IJournal inner) : IJournal
    {
        private static int faults;
        private readonly ConcurrentDictionary<(string, long), bool> failed = [];

        public static int Faults => Volatile.Read(ref faults);

        public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

        public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) =>
            inner.ReadAsync(journal, head, cancellationToken);

        public async ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
        {
            // The first few make the account.
            var fails = journal.StartsWith("mailbox/", StringComparison.Ordinal) && head.Position >= 5 && head.Position % 5 == 0 && failed.TryAdd((journal, head.Position), true);
            if (fails)
            {
                Interlocked.Increment(ref faults);
            }

            if (fails && head.Position % 10 == 0)
            {
                throw new IOException("the store did not take the write");
            }

            var appended = await inner.AppendAsync(journal, head, events, cancellationToken);
            return fails ? throw new TimeoutException("the store took the write, and its answer was lost") : appended;
        }

        public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
            inner.ReplaceAsync(journal, head, manifest, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
    }
}
