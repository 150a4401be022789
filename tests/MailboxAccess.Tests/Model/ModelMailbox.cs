namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>A message of the model; its flags are bits of <see cref="ModelFlags.Names"/>, its change is the number of the last one that it had.</summary>
internal sealed record ModelMessage(uint Uid, int Flags, long Change);

/// <summary>Counts the changes of messages.</summary>
internal sealed class ModelClock
{
    public long Now { get; private set; }

    public long Next() => ++Now;
}

internal static class ModelFlags
{
    public const int Deleted = 8;

    public static readonly string[] Names = ["\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "\\Draft", "$Work"];

    public static string Write(int flags) => $"({string.Join(' ', Names.Where((_, i) => (flags & (1 << i)) != 0))})";

    /// <summary>A list of flags as it stands in a response; \Recent is none of them.</summary>
    public static int Parse(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "\\Recent")
        .Aggregate(0, (flags, name) => flags | (1 << Array.IndexOf(Names, name)));

    public static int Change(int flags, char sign, int change) => sign switch { '+' => flags | change, '-' => flags & ~change, _ => change };
}

/// <summary>A folder of the model: what RFC 3501 says is in it. Two folders are the same when they are the same object, whatever their name is.</summary>
internal sealed class ModelFolder(ModelClock clock)
{
    private uint uidNext = 1;

    public List<ModelMessage> Messages { get; } = [];

    public void Add(int flags) => Messages.Add(new(uidNext++, flags, clock.Next()));

    /// <summary>Changes flags of these messages; what is the same afterwards was not changed.</summary>
    public void Change(IReadOnlyCollection<uint> uids, char sign, int flags)
    {
        for (var i = 0; i < Messages.Count; i++)
        {
            var after = ModelFlags.Change(Messages[i].Flags, sign, flags);
            if (uids.Contains(Messages[i].Uid) && after != Messages[i].Flags)
            {
                Messages[i] = Messages[i] with { Flags = after, Change = clock.Next() };
            }
        }
    }

    /// <summary>A new folder with all the messages of this one, which keep their UIDs; here they are gone.</summary>
    public ModelFolder GiveAll()
    {
        var other = new ModelFolder(clock) { uidNext = uidNext };
        other.Messages.AddRange(Messages);
        Messages.Clear();
        return other;
    }

    public bool Holds(uint uid) => Messages.Exists(m => m.Uid == uid);
}

/// <summary>The model: an account's folders. Each method says whether the command must succeed.</summary>
internal sealed class ModelMailbox
{
    public const string Inbox = "INBOX";

    public ModelMailbox() => Folders = new() { [Inbox] = new(Clock) };

    public ModelClock Clock { get; } = new();

    public Dictionary<string, ModelFolder> Folders { get; }

    public bool Exists(ModelFolder folder) => Folders.ContainsValue(folder);

    public bool Append(string name, int flags)
    {
        if (!Folders.TryGetValue(name, out var folder))
        {
            return false;
        }

        folder.Add(flags);
        return true;
    }

    public bool Copy(ModelFolder from, HashSet<uint> uids, string target, bool move)
    {
        if (!Folders.TryGetValue(target, out var folder))
        {
            return false;
        }

        foreach (var message in from.Messages.Where(m => uids.Contains(m.Uid)).ToArray())
        {
            folder.Add(message.Flags);
        }

        from.Messages.RemoveAll(m => move && uids.Contains(m.Uid));
        return true;
    }

    public bool Create(string name) => Folders.TryAdd(name, new(Clock));

    public bool Delete(string name) => name != Inbox && Folders.Remove(name);

    public bool Rename(string name, string newName)
    {
        if (!Folders.TryGetValue(name, out var folder) || Folders.ContainsKey(newName))
        {
            return false;
        }

        if (name != Inbox)
        {
            Folders.Remove(name);
            Folders.Add(newName, folder);
            return true;
        }

        // RFC 3501 §6.3.5: INBOX stays and is empty.
        Folders.Add(newName, folder.GiveAll());
        return true;
    }
}
