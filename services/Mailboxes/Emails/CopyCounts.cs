using System.Runtime.InteropServices;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// By how much the messages of each folder are more than its Emails, because some Emails have several. Each of these is looked up once in an activation, and again when something of it has changed.
/// </summary>
internal sealed class CopyCounts(EmailMailbox mailbox)
{
    /// <summary>Emails that are looked up in one step: their chunks are in memory together.</summary>
    private const int AtOnce = 1000;

    private readonly EmailPlaces places = new(mailbox);
    private readonly Dictionary<Guid, (int Folder, uint Uid, CopyCorrection Correction)[]> byEmail = [];
    private readonly Dictionary<int, CopyCorrection> byFolder = [];

    // By how much an Email has more unread messages in a folder than it counts there, by one of these; where it has.
    private readonly Dictionary<int, Dictionary<uint, int>> unreadByRow = [];
    private long? modSeq;
    private Task? bringing;

    /// <summary>By folder, as of now or a little later; folders without such Emails are left out.</summary>
    public async Task<IReadOnlyDictionary<int, CopyCorrection>> ReadAsync()
    {
        // What is under way may have begun before the last change.
        var wanted = mailbox.State.ModSeq;
        while (!(modSeq >= wanted))
        {
            await (bringing ??= BringAsync());
        }

        return new Dictionary<int, CopyCorrection>(byFolder);
    }

    /// <summary>Rows of Emails in a folder, and by how many more unread ones they count there than by their messages' own flags, as of the last read.</summary>
    public IEnumerable<(uint Uid, int Unread)> UnreadOf(int folder) => unreadByRow.GetValueOrDefault(folder, []).Select(row => (row.Key, -row.Value));

    private async Task BringAsync()
    {
        await Task.Yield();
        try
        {
            var snapshot = MailboxSnapshot.Of(mailbox.State);
            var changed = modSeq is { } since ? await SnapshotChanges.FindAsync(mailbox, snapshot, since, EmailChangeReader.MaxChanges) : null;
            if (changed is null)
            {
                modSeq = null;
                byEmail.Clear();
                byFolder.Clear();
                unreadByRow.Clear();
            }

            var due = changed is null ? snapshot.Copies.Keys : changed.Keys.Where(id => byEmail.ContainsKey(id) || snapshot.Copies.ContainsKey(id));
            foreach (var part in due.Order().ToArray().Chunk(AtOnce))
            {
                await places.FindAsync(part, found =>
                {
                    foreach (var email in part)
                    {
                        Take(email, found.GetValueOrDefault(email, []));
                    }

                    return true;
                });
            }

            // What changed since the snapshot was looked up as it is now, and is looked up again.
            modSeq = snapshot.ModSeq;
        }
        finally
        {
            bringing = null;
        }
    }

    private void Take(Guid email, IReadOnlyList<EmailPlace> at)
    {
        if (byEmail.Remove(email, out var before))
        {
            Add(before, -1);
        }

        if (at.Count > 1)
        {
            Add(byEmail[email] = CorrectionsOf(at), 1);
        }
    }

    private void Add((int Folder, uint Uid, CopyCorrection Correction)[] corrections, int sign)
    {
        foreach (var (folder, uid, (doubles, unread)) in corrections)
        {
            var rows = CollectionsMarshal.GetValueRefOrAddDefault(unreadByRow, folder, out _) ??= [];
            rows.Remove(uid);
            if (sign > 0 && unread != 0)
            {
                rows.Add(uid, unread);
            }

            var sum = byFolder.GetValueOrDefault(folder);
            byFolder[folder] = new(sum.Doubles + (sign * doubles), sum.Unread + (sign * unread));
        }
    }

    private static (int Folder, uint Uid, CopyCorrection Correction)[] CorrectionsOf(IReadOnlyList<EmailPlace> email)
    {
        var unread = FlagCounts.Unread(MergedEmail.Flags(email));
        return [.. email.GroupBy(p => p.Folder.Id).Select(f => (f.Key, f.First().Row.Uid, new CopyCorrection(f.Count() - 1, f.Sum(p => FlagCounts.Unread(p.Flags.Flags)) - unread)))];
    }
}

/// <param name="Doubles">Messages beyond one of each Email.</param>
/// <param name="Unread">Unread messages beyond unread Emails.</param>
internal readonly record struct CopyCorrection(int Doubles, int Unread);
