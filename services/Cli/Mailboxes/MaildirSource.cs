using System.Runtime.CompilerServices;

namespace MailCloud.Cli.Mailboxes;

/// <summary>Reads a Maildir: <c>cur</c> and <c>new</c> of each folder, in the order of names, which is that of delivery.</summary>
internal sealed class MaildirSource(string root) : IMailSource
{
    public IEnumerable<FoundFolder> Folders()
    {
        var below = Directory.EnumerateDirectories(root).Select(d => Path.GetFileName(d)).Where(d => d.StartsWith('.') && Directory.Exists(Path.Combine(root, d, "cur"))).Order(StringComparer.Ordinal);
        return (Directory.Exists(Path.Combine(root, "cur")) ? below.Prepend("") : below)
            .Select(d => new FoundFolder(Maildir.FolderOf(d), Path.Combine(root, d), Path.Combine(root, d, "mailcloud-import")));
    }

    public IReadOnlyCollection<string> Subscriptions()
    {
        var file = Path.Combine(root, Maildir.SubscriptionsFile);
        var lines = File.Exists(file) ? File.ReadAllLines(file) : [];

        // Dovecot's second form has a line with its version, and levels between tabs.
        return lines is [['V', '\t', ..], ..]
            ? [.. lines.Skip(1).Where(l => l.Length > 0).Select(l => string.Join('/', l.Split('\t').Select(ModifiedUtf7.Decode)))]
            : [.. lines.Where(l => l.Length > 0).Select(Maildir.ReadName)];
    }

    public IReadOnlyDictionary<string, string> SpecialUses() => Mailboxes.SpecialUses.Read(Path.Combine(root, Maildir.SpecialUsesFile), Maildir.ReadName);

    public async IAsyncEnumerable<FoundMessage> ReadAsync(FoundFolder folder, Func<string, bool> isFiled, FileStream octets, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keywords = Maildir.ReadKeywords(folder.Path);
        var files = ((string[])["new", "cur"]).Select(part => Path.Combine(folder.Path, part)).Where(Directory.Exists).SelectMany(Directory.EnumerateFiles)
            .Where(file => !Path.GetFileName(file).StartsWith('.')).OrderBy(file => Path.GetFileName(file), NaturalOrder.Instance);
        foreach (var path in files.ToList())
        {
            var (name, flags, words) = Maildir.ReadName(Path.GetFileName(path), keywords);
            if (isFiled(name))
            {
                continue;
            }

            octets.SetLength(0);
            await using var file = File.OpenRead(path);
            var lines = new LinePieces(file);
            var stored = new StoredLines(octets, name.Contains($".{Maildir.AsStored}", StringComparison.Ordinal));
            for (ReadOnlyMemory<byte> piece; !(piece = await lines.NextAsync(cancellationToken)).IsEmpty;)
            {
                await stored.WriteAsync(piece, cancellationToken);
            }

            yield return new(name, flags, words, File.GetLastWriteTimeUtc(path));
        }
    }

    /// <summary>Names as text, but numbers by their value: 9 comes before 10.</summary>
    private sealed class NaturalOrder : IComparer<string>
    {
        public static readonly NaturalOrder Instance = new();

        public int Compare(string? x, string? y)
        {
            var (i, j) = (0, 0);
            while (i < x!.Length && j < y!.Length)
            {
                var (left, right) = (Token(x, ref i), Token(y, ref j));
                var order = char.IsAsciiDigit(left[0]) && char.IsAsciiDigit(right[0]) && left.Length != right.Length
                    ? left.Length.CompareTo(right.Length)
                    : string.CompareOrdinal(left, right);
                if (order != 0)
                {
                    return order;
                }
            }

            return (x.Length - i).CompareTo(y!.Length - j);
        }

        private static string Token(string text, ref int at)
        {
            var start = at++;
            if (!char.IsAsciiDigit(text[start]))
            {
                return text[start..at];
            }

            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            var digits = text[start..at].TrimStart('0');
            return digits.Length > 0 ? digits : "0";
        }
    }
}
