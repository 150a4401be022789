using System.Collections.Concurrent;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>What the senders were told of each message, against which the mailboxes are counted.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, (IReadOnlyList<int> Recipients, bool Accepted)> messages = new();

    private readonly ConcurrentDictionary<(string Id, int Mailbox), bool> removed = new();

    public int Accepted => messages.Values.Count(m => m.Accepted);

    public int InDoubt => messages.Values.Count(m => !m.Accepted);

    /// <summary>What was accepted so far: ids, and the mailboxes of each.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<int>> AcceptedNow() => messages.Where(m => m.Value.Accepted).ToDictionary(m => m.Key, m => m.Value.Recipients);

    /// <summary>250: it must be in each mailbox exactly once.</summary>
    public void RecordAccepted(string id, IReadOnlyList<int> recipients) => messages[id] = (recipients, true);

    /// <summary>451, or no answer to the final dot: it may be in each mailbox once, or in none.</summary>
    public void RecordDoubt(string id, IReadOnlyList<int> recipients) => messages[id] = (recipients, false);

    /// <summary>It was in the mailbox, and was deleted: it must never be there again.</summary>
    public void RecordRemoved(string id, int mailbox) => removed[(id, mailbox)] = true;

    /// <summary>Compares with what the mailboxes hold: mailbox number and message ids.</summary>
    public CrashCounts Count(IReadOnlyDictionary<int, IReadOnlyList<string>> mailboxes)
    {
        var copies = mailboxes.SelectMany(m => m.Value.Select(id => (id, m.Key))).GroupBy(c => c).ToDictionary(c => c.Key, c => c.Count());
        var counts = new CrashCounts { Accepted = Accepted, InDoubt = InDoubt };
        foreach (var (id, (recipients, accepted)) in messages)
        {
            foreach (var recipient in recipients)
            {
                copies.Remove((id, recipient), out var found);
                counts.Expected += accepted ? 1 : 0;
                if (removed.ContainsKey((id, recipient)))
                {
                    counts.Returned += found;
                    continue;
                }

                counts.Lost += accepted && found == 0 ? 1 : 0;
                counts.Doubled += found > 1 ? 1 : 0;
                counts.DoubtFiled += !accepted && found > 0 ? 1 : 0;
            }
        }

        counts.Unknown = copies.Count;
        return counts;
    }
}

/// <summary>The result of a crash run, printed whole.</summary>
internal sealed record CrashCounts
{
    public int Accepted { get; set; }

    public int InDoubt { get; set; }

    /// <summary>Copies that 250s promised: one for each recipient.</summary>
    public int Expected { get; set; }

    public int Lost { get; set; }

    public int Doubled { get; set; }

    /// <summary>Copies of messages left in doubt that were filed: allowed, once each.</summary>
    public int DoubtFiled { get; set; }

    /// <summary>Copies that POP3 had deleted.</summary>
    public int Returned { get; set; }

    /// <summary>Copies that nobody sent, or not to that mailbox.</summary>
    public int Unknown { get; set; }

    public int UidsReused { get; set; }

    /// <summary>Changes by IMAP that were answered OK.</summary>
    public int Changed { get; set; }

    /// <summary>Changes by IMAP that the server died over: there wholly, or not at all.</summary>
    public int ChangesInDoubt { get; set; }

    /// <summary>Times that folders were found otherwise than a client was told: a change lost or half done, a UID given twice, a modseq that did not grow.</summary>
    public int Broken { get; set; }

    /// <summary>Copies that a QUIT by POP3 deleted and answered +OK.</summary>
    public int DeletedByPop3 { get; set; }

    /// <summary>QUITs that the server died over: all that was marked is deleted, or nothing.</summary>
    public int QuitsInDoubt { get; set; }

    /// <summary>Of those, the ones that had deleted.</summary>
    public int QuitsInDoubtDone { get; set; }

    /// <summary>POP3 sessions that ended without QUIT, and had marked messages.</summary>
    public int SessionsBrokenOff { get; set; }

    /// <summary>Times that a maildrop was found otherwise than a POP3 client was told: a deletion lost, half done or never asked for, a unique-id that changed.</summary>
    public int Pop3Broken { get; set; }

    public int Violations => Lost + Doubled + Returned + Unknown + UidsReused + Broken + Pop3Broken;
}
