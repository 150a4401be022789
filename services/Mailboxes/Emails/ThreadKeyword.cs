using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>In which threads Emails have a keyword and in which they have not, at one modseq. It takes a look at all messages.</summary>
internal sealed class ThreadKeyword(MessageFlags flag)
{
    private readonly HashSet<ulong> having = [];
    private readonly HashSet<ulong> lacking = [];

    public bool AllHave(ulong thread) => !lacking.Contains(thread);

    public bool SomeHave(ulong thread) => having.Contains(thread);

    public static async Task<Dictionary<MessageFlags, ThreadKeyword>> ReadAsync(SnapshotReader reader, IReadOnlyCollection<MessageFlags> flags)
    {
        var found = flags.ToDictionary(f => f, f => new ThreadKeyword(f));
        await foreach (var rows in reader.AllAsync())
        {
            foreach (var email in rows)
            {
                foreach (var keyword in found.Values)
                {
                    keyword.Add(email);
                }
            }
        }

        return found;
    }

    private void Add(in EmailFacts email) => ((email.Flags & flag) != 0 ? having : lacking).Add(email.Thread);
}
