using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Names that folders had, and the highest UIDVALIDITY that clients saw under each: a folder that takes such a name must show a higher one
/// (RFC 3501 §2.3.1.1). Of the oldest names only the highest value is kept.
/// </summary>
internal sealed class RetiredNames
{
    /// <summary>Enough for any person; beyond it a rename costs clients a download at worst.</summary>
    private const int MaxNames = 1000;

    private readonly OrderedDictionary<string, uint> names = new(StringComparer.Ordinal);

    public uint Forgotten { get; private set; }

    public void Add(string name, uint uidValidity)
    {
        var highest = Math.Max(uidValidity, names.GetValueOrDefault(name));
        names.Remove(name);
        names.Add(name, highest);
        if (names.Count > MaxNames)
        {
            Forgotten = Math.Max(Forgotten, names.GetAt(0).Value);
            names.RemoveAt(0);
        }
    }

    /// <summary>Whether a folder of this UIDVALIDITY may take the name and keep it.</summary>
    public bool Allows(string name, uint uidValidity) => uidValidity > (names.TryGetValue(name, out var seen) ? seen : Forgotten);

    public RetiredName[] ToManifest() => [.. names.Select(n => new RetiredName(n.Key, n.Value))];

    public static RetiredNames From(MailboxManifest manifest)
    {
        var retired = new RetiredNames { Forgotten = manifest.ForgottenUidValidity };
        foreach (var (name, uidValidity) in manifest.RetiredNames)
        {
            retired.names.Add(name, uidValidity);
        }

        return retired;
    }
}
