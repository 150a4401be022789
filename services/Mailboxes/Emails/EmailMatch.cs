using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>A filter made ready for one snapshot. It answers true, false, or null: that depends on what only the caller, or only a row, can tell.</summary>
internal sealed class EmailMatch
{
    private readonly EmailFilter filter;
    private readonly EmailMatch[] parts;
    private readonly MessageFlags flag;
    private readonly ThreadKeyword? thread;

    /// <param name="folders">All of the mailbox.</param>
    /// <param name="threads">What was found of the threads, for each keyword that <see cref="ThreadKeywordsOf"/> names.</param>
    public EmailMatch(EmailFilter filter, IReadOnlyCollection<int> folders, IReadOnlyList<string> keywords, IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads)
    {
        this.filter = filter;
        parts = [.. filter.Conditions.Select(c => new EmailMatch(c, folders, keywords, threads))];
        flag = EmailFlags.Find(keywords, filter.Keyword);
        thread = threads.GetValueOrDefault(flag);
        Sources = SourcesOf(folders);
        WholeFolders = WholeFoldersOf(folders);
    }

    /// <summary>Every Email that matches has a row in one of these folders.</summary>
    public HashSet<int> Sources { get; }

    /// <summary>Those match, and only those, that have a row in one of these folders; null: it is not that simple.</summary>
    public HashSet<int>? WholeFolders { get; }

    /// <summary>Keywords that conditions ask of whole threads.</summary>
    public static IEnumerable<string> ThreadKeywordsOf(EmailFilter filter) => IsOfThread(filter.Kind)
        ? [filter.Keyword]
        : filter.Conditions.SelectMany(ThreadKeywordsOf);

    /// <summary>True: whether an Email matches changes only when its folders do.</summary>
    public static bool IsOfFolders(EmailFilter filter) => filter.Kind switch
    {
        EmailFilterKind.HasKeyword or EmailFilterKind.AllInThreadHaveKeyword or EmailFilterKind.SomeInThreadHaveKeyword or EmailFilterKind.Unknown => false,
        _ => filter.Conditions.All(IsOfFolders),
    };

    /// <summary>True: whether an Email matches never changes.</summary>
    public static bool IsLasting(EmailFilter filter) =>
        filter.Kind is not (EmailFilterKind.InFolder or EmailFilterKind.InOtherFolder) && IsOfFolders(filter) && filter.Conditions.All(IsLasting);

    public bool? Of(in EmailFacts email)
    {
        switch (filter.Kind)
        {
            case EmailFilterKind.And or EmailFilterKind.Or or EmailFilterKind.Not:
                var dominant = filter.Kind != EmailFilterKind.And;
                bool? result = !dominant;
                foreach (var part in parts)
                {
                    var one = part.Of(email);
                    if (one == dominant)
                    {
                        return filter.Kind != EmailFilterKind.Not && dominant;
                    }

                    result = one is null ? null : result;
                }

                return filter.Kind == EmailFilterKind.Not ? !result : result;
            case EmailFilterKind.InFolder:
                return email.IsIn(filter.Folders[0]);
            case EmailFilterKind.InOtherFolder:
                return !email.IsOnlyIn(filter.Folders);
            case EmailFilterKind.Before:
                return email.Row.InternalDate < filter.Number;
            case EmailFilterKind.After:
                return email.Row.InternalDate >= filter.Number;
            case EmailFilterKind.MinSize:
                return email.Row.Size >= filter.Number;
            case EmailFilterKind.MaxSize:
                return email.Row.Size < filter.Number;
            case EmailFilterKind.HasKeyword:
                return (email.Flags & flag) != 0;
            case EmailFilterKind.AllInThreadHaveKeyword:
                return thread!.AllHave(email.Thread);
            case EmailFilterKind.SomeInThreadHaveKeyword:
                return thread!.SomeHave(email.Thread);
            default:
                return null;
        }
    }

    /// <summary>Of all Emails with a row in a chunk. <paramref name="copies"/>: some may have rows elsewhere too.</summary>
    public bool? Of(SnapshotFolder folder, SnapshotChunk chunk, bool copies)
    {
        switch (filter.Kind)
        {
            case EmailFilterKind.And or EmailFilterKind.Or or EmailFilterKind.Not:
                var dominant = filter.Kind != EmailFilterKind.And;
                var all = Array.ConvertAll(parts, p => p.Of(folder, chunk, copies));
                bool? result = all.Contains(dominant) ? dominant : all.Contains(null) ? null : !dominant;
                return filter.Kind == EmailFilterKind.Not ? !result : result;
            case EmailFilterKind.InFolder:
                return folder.Id == filter.Folders[0] ? true : copies ? null : false;
            case EmailFilterKind.InOtherFolder:
                return !filter.Folders.Contains(folder.Id) ? true : copies ? null : false;
            case EmailFilterKind.Before when chunk.Dates is { } dates:
                return dates.Last < filter.Number ? true : dates.First >= filter.Number ? false : null;
            case EmailFilterKind.After when chunk.Dates is { } dates:
                return dates.First >= filter.Number ? true : dates.Last < filter.Number ? false : null;
            case EmailFilterKind.HasKeyword when flag == MessageFlags.None:
                return false;
            case EmailFilterKind.HasKeyword when flag == MessageFlags.Seen && chunk.Unseen == chunk.Count:
                return false;
            case EmailFilterKind.HasKeyword when flag == MessageFlags.Seen && chunk.Unseen == 0 && !copies:
                return true;
            default:
                return null;
        }
    }

    private HashSet<int> SourcesOf(IReadOnlyCollection<int> folders) => filter.Kind switch
    {
        EmailFilterKind.InFolder => [.. folders.Intersect(filter.Folders.Take(1))],
        EmailFilterKind.InOtherFolder => [.. folders.Except(filter.Folders)],
        EmailFilterKind.And when parts.Length > 0 => parts.MinBy(p => p.Sources.Count)!.Sources,
        EmailFilterKind.Or => [.. parts.SelectMany(p => p.Sources)],
        _ => [.. folders],
    };

    private HashSet<int>? WholeFoldersOf(IReadOnlyCollection<int> folders) => filter.Kind switch
    {
        EmailFilterKind.InFolder or EmailFilterKind.InOtherFolder => Sources,
        EmailFilterKind.And when parts.Length <= 1 => parts.Length == 0 ? [.. folders] : parts[0].WholeFolders,
        EmailFilterKind.Or when Array.TrueForAll(parts, p => p.WholeFolders is not null) => Sources,
        _ => null,
    };

    private static bool IsOfThread(EmailFilterKind kind) => kind is EmailFilterKind.AllInThreadHaveKeyword or EmailFilterKind.SomeInThreadHaveKeyword;
}
