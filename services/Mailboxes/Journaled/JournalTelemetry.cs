using System.Diagnostics.Metrics;
using MailCloud.Journal;
using MailCloud.Mailboxes.Limits;

namespace MailCloud.Mailboxes.Journaled;

/// <summary>Writes of journaled grains that ended in doubt; README.md has the table.</summary>
internal sealed class JournalTelemetry(IMeterFactory meters)
{
    private readonly Counter<long> doubts =
        meters.Create(LimiterTelemetry.Name).CreateCounter<long>("mailcloud.journal.doubts", "{write}", "Writes that ended their activation, by the journal's kind and the reason.");

    /// <param name="journal">Its name, <c>kind/key</c>; only the kind is told, as there are as many keys as mailboxes.</param>
    /// <param name="reason">A conflict when somebody else has written; else an error or no answer.</param>
    public void InDoubt(string journal, Exception reason) =>
        doubts.Add(1, new("kind", journal[..journal.IndexOf('/', StringComparison.Ordinal)]), new("reason", reason is JournalMovedException ? "conflict" : "error"));
}
