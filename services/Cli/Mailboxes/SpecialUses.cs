namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// The special uses of folders (RFC 6154) in a file beside the mail, a line <c>\Sent NAME</c> each, with the names of the format's <c>subscriptions</c>. No other program writes it down: Dovecot has
/// it in its configuration.
/// </summary>
internal static class SpecialUses
{
    public static Task WriteAsync(string file, IEnumerable<StoredFolder> folders, Func<string, string> nameOf, CancellationToken cancellationToken) => DurableFiles.WriteAsync(
        file, string.Concat(folders.Where(folder => folder.SpecialUse is not null).Select(folder => $"{folder.SpecialUse} {nameOf(folder.Name)}\n")), cancellationToken);

    /// <summary>By the folders' names. A line that is none says nothing.</summary>
    public static Dictionary<string, string> Read(string file, Func<string, string> readName)
    {
        var uses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.Split(' ', 2) is [['\\', ..] use, { Length: > 0 } name])
            {
                uses[readName(name)] = use;
            }
        }

        return uses;
    }
}
