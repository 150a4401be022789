using System.Globalization;

namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// Writes a Maildir. A message is written in <c>tmp</c>, synced, given its internal date as the file's time and moved to <c>cur</c>. Its name follows from its UID, so that one
/// which a crash kept from being recorded is found again and not written twice.
/// </summary>
internal sealed class MaildirTarget(string root) : IMailTarget
{
    private const string StateFile = "mailcloud-export";

    private readonly HashSet<uint> unrecorded = [];
    private string directory = "";
    private List<string> keywords = [];
    private ExportState state;

    public Task<uint> OpenAsync(StoredFolder folder, CancellationToken cancellationToken)
    {
        directory = Path.Combine(root, Maildir.DirectoryOf(folder.Name));
        foreach (var part in (string[])["tmp", "new", "cur"])
        {
            Directory.CreateDirectory(Path.Combine(directory, part));
        }

        if (directory != root)
        {
            File.Create(Path.Combine(directory, "maildirfolder")).Dispose();
        }

        keywords = Maildir.ReadKeywords(directory);
        state = ExportState.Read(Path.Combine(directory, StateFile), folder);
        unrecorded.Clear();
        foreach (var uid in Directory.EnumerateFiles(Path.Combine(directory, "cur")).Select(file => UidOf(Path.GetFileName(file))).OfType<uint>().Where(uid => uid > state.LastUid))
        {
            unrecorded.Add(uid);
        }

        return Task.FromResult(state.LastUid);
    }

    public async Task<string?> AddAsync(StoredMessage message, Stream octets, MessageShape shape, CancellationToken cancellationToken)
    {
        var without = await AddKeywordsAsync(message, cancellationToken);
        if (!unrecorded.Contains(message.Uid))
        {
            var unique = string.Create(
                CultureInfo.InvariantCulture, $"{message.Date.ToUnixTimeSeconds()}.V{state.UidValidity}U{message.Uid}.{(shape.AsStored ? Maildir.AsStored : "mailcloud")}");
            var temporary = Path.Combine(directory, "tmp", unique);
            long length;
            await using (var file = File.Create(temporary))
            {
                await LineEnds.ToFileAsync(octets, file, null, shape.AsStored, cancellationToken);
                file.Flush(flushToDisk: true);
                length = file.Length;
            }

            File.SetLastWriteTimeUtc(temporary, message.Date.UtcDateTime);
            File.Move(temporary, Path.Combine(directory, "cur", string.Create(CultureInfo.InvariantCulture, $"{unique},S={length}{Maildir.InfoOf(message, keywords)}")), overwrite: true);
        }

        state = state with { LastUid = message.Uid };
        return without;
    }

    public async Task SaveAsync(CancellationToken cancellationToken) => await state.WriteAsync(Path.Combine(directory, StateFile), cancellationToken);

    public Task SubscribeAsync(IEnumerable<string> folders, CancellationToken cancellationToken) =>
        DurableFiles.WriteAsync(Path.Combine(root, Maildir.SubscriptionsFile), string.Concat(folders.Select(folder => Maildir.NameOf(folder) + "\n")), cancellationToken);

    public Task SaveUsesAsync(IEnumerable<StoredFolder> folders, CancellationToken cancellationToken) =>
        SpecialUses.WriteAsync(Path.Combine(root, Maildir.SpecialUsesFile), folders, Maildir.NameOf, cancellationToken);

    public ValueTask DisposeAsync() => default;

    // A letter means nothing before the file says which keyword it is.
    private async Task<string?> AddKeywordsAsync(StoredMessage message, CancellationToken cancellationToken)
    {
        var missing = message.Keywords.Where(k => !Maildir.IsForwarded(k) && Maildir.IndexOf(keywords, k) < 0).ToList();
        var fitting = missing.Take(Maildir.MaxKeywords - keywords.Count).ToList();
        if (fitting.Count > 0)
        {
            keywords.AddRange(fitting);
            await DurableFiles.WriteAsync(Path.Combine(directory, Maildir.KeywordsFile), string.Concat(keywords.Select((k, i) => $"{i} {k}\n")), cancellationToken);
        }

        return missing.Count > fitting.Count ? $"a folder of a Maildir has at most {Maildir.MaxKeywords} keywords: written without {string.Join(' ', missing.Skip(fitting.Count))}" : null;
    }

    private uint? UidOf(string file)
    {
        var (start, end) = (file.IndexOf($".V{state.UidValidity}U", StringComparison.Ordinal), file.IndexOf(".mailcloud", StringComparison.Ordinal));
        return start >= 0 && end > start && uint.TryParse(file.AsSpan((file.IndexOf('U', start) + 1)..end), NumberStyles.None, CultureInfo.InvariantCulture, out var uid) ? uid : null;
    }
}
